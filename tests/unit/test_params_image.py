import math
import pickle
from collections.abc import Callable

import pytest
from PIL import Image

from generation.v1.generation_pb2 import EditImageRequest, GenerateFramesRequest, GenerateImageRequest
from service.engine.params import steps_to_run
from service.errors import InvalidArgument
from service.params.image import check_edit, check_frames, check_image
from service.params.limits import ImageLimits
from service.styles import STYLES
from tests.image_files import encode

LIMITS = ImageLimits(max_pixels=1_572_864, max_frame_pixels=16_777_216)


def upload(width: int = 96, height: int = 64) -> bytes:
    return encode(Image.new("RGB", (width, height)), "PNG")


def violations(call: Callable[[], object]) -> dict[str, str]:
    with pytest.raises(InvalidArgument) as caught:
        call()
    return {v.field: v.description for v in caught.value.violations}


def image(**fields: object) -> dict[str, str]:
    return violations(lambda: check_image(GenerateImageRequest(**{"prompt": "a cat", **fields}), LIMITS))  # type: ignore[arg-type]


def edit(**fields: object) -> dict[str, str]:
    request = EditImageRequest(**{"prompt": "a cat", "image_base64": upload(), **fields})  # type: ignore[arg-type]
    return violations(lambda: check_edit(request, LIMITS))


def frames(**fields: object) -> dict[str, str]:
    return violations(lambda: check_frames(GenerateFramesRequest(**{"prompt": "a cat", **fields}), LIMITS))  # type: ignore[arg-type]


def test_unset_fields_of_an_image_get_the_documented_defaults() -> None:
    params = check_image(GenerateImageRequest(prompt="a cat"), LIMITS)
    assert (params.width, params.height, params.num_inference_steps) == (1024, 1024, 30)
    assert (params.guidance_scale, params.preview_every) == (7.5, 0)
    assert params.prompt == STYLES["realistic"].prompt.replace("{prompt}", "a cat")
    assert params.negative_prompt == STYLES["realistic"].negative_prompt
    assert 0 <= params.seed < 2**32


def test_unset_fields_of_an_edit_get_the_documented_defaults() -> None:
    params = check_edit(EditImageRequest(prompt="a cat", image_base64=upload()), LIMITS)
    assert params.edit is not None
    assert (params.num_inference_steps, params.guidance_scale, params.edit.strength) == (30, 7.5, 0.8)
    assert (params.steps_to_run, params.width, params.height) == (24, 96, 64)
    assert (params.edit.image.mode, params.edit.image.size, params.edit.mask) == ("RGB", (96, 64), None)


def test_unset_fields_of_frames_get_the_documented_defaults() -> None:
    frames = check_frames(GenerateFramesRequest(prompt="a cat"), LIMITS)
    params = frames.params
    assert (params.num_frames, params.width, params.height, params.num_inference_steps) == (4, 1024, 1024, 30)
    assert (params.motion, params.edit, frames.format, frames.fps) == (0.5, None, None, 8)


def test_what_is_sent_is_what_counts() -> None:
    request = GenerateImageRequest(
        prompt="a cat",
        negative_prompt="dogs",
        style="none",
        num_inference_steps=1,
        guidance_scale=0,
        width=64,
    )
    request.height, request.seed, request.preview_every = 2048, 7, 5
    params = check_image(request, LIMITS)
    assert (params.prompt, params.negative_prompt, params.seed) == ("a cat", "dogs", 7)
    assert (params.num_inference_steps, params.guidance_scale, params.preview_every) == (1, 0, 5)
    assert (params.width, params.height) == (64, 2048)


def test_the_params_of_an_edit_travel_between_processes() -> None:
    request = EditImageRequest(prompt="a cat", image_base64=upload(), mask=upload())
    params = check_edit(request, LIMITS)
    assert pickle.loads(pickle.dumps(params)) == params


@pytest.mark.parametrize("value", [0, -8, 63, 1001, 56, 2056, 2**31 - 1, -(2**31)])
def test_fault_19_sides_are_refused_naming_the_multiple(value: int) -> None:
    told = f"got {value}, takes multiples of 8 from 64 to 2048"
    assert image(width=value) == frames(width=value) == {"width": told}
    assert image(height=value) == frames(height=value) == {"height": told}
    assert list(image(width=value, height=2048)) == ["width"]


def test_fault_19_an_area_above_the_cap_is_refused() -> None:
    told = "got 2048: 2048 x 1024 is 2097152 pixels, takes at most 1572864"
    assert image(width=2048, height=1024) == frames(width=2048, height=1024) == {"width": told}
    assert list(image(width=1024, height=2048)) == ["height"]
    assert check_image(GenerateImageRequest(prompt="x", width=1536, height=1024), LIMITS).width == 1536


@pytest.mark.parametrize("value", [0, -1, 151, 10**6])
def test_fault_20_steps_are_refused(value: int) -> None:
    told = {"num_inference_steps": f"got {value}, takes 1 to 150"}
    assert image(num_inference_steps=value) == frames(num_inference_steps=value) == told
    assert edit(num_inference_steps=value) == told


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -1.0, 30.5, 1e9])
def test_fault_20_guidance_is_refused(value: float) -> None:
    told = {"guidance_scale": f"got {value:g}, takes 0 to 30"}
    assert image(guidance_scale=value) == edit(guidance_scale=value) == frames(guidance_scale=value) == told


@pytest.mark.parametrize("value", [0, -1, 65, 10**6])
def test_fault_21_frame_counts_are_refused(value: int) -> None:
    assert frames(num_frames=value) == {"num_frames": f"got {value}, takes 1 to 64"}


def test_fault_21_frames_times_pixels_have_a_cap() -> None:
    assert frames(num_frames=17) == {"num_frames": "got 17, takes at most 16 of 1024 x 1024 pixels"}
    assert check_frames(GenerateFramesRequest(prompt="x", num_frames=16), LIMITS).params.num_frames == 16
    small = GenerateFramesRequest(prompt="x", num_frames=64, width=512, height=512)
    assert check_frames(small, LIMITS).params.num_frames == 64


def test_fault_22_a_wrong_image_is_named_beside_what_else_is_wrong() -> None:
    assert edit(image_base64=b"hello", strength=2.0) == {
        "strength": "got 2, takes above 0 to 1",
        "image_base64": "is of another kind or damaged, takes a PNG, JPEG or WebP file",
    }
    assert edit(image_base64=b"") == {"image_base64": "is empty, takes a PNG, JPEG or WebP file"}
    assert "at most 1572864 in area" in edit(image_base64=upload(2048, 1024))["image_base64"]


@pytest.mark.parametrize("value", [0.0, -0.1, 1.1, math.nan, math.inf])
def test_fault_23_strengths_are_refused(value: float) -> None:
    assert edit(strength=value) == {"strength": f"got {value:g}, takes above 0 to 1"}


def test_fault_23_at_least_one_step_is_left() -> None:
    told = {"strength": "got 0.04, takes at least 0.05 for 20 steps, so that one runs"}
    assert edit(strength=0.04, num_inference_steps=20) == told
    request = EditImageRequest(prompt="x", image_base64=upload(), strength=0.05, num_inference_steps=20)
    assert check_edit(request, LIMITS).steps_to_run == 1


def test_steps_to_run_are_counted_in_decimals() -> None:
    for steps in range(1, 151):
        for hundredths in range(1, 101):
            sent = EditImageRequest(strength=hundredths / 100).strength  # a 32-bit float
            assert steps_to_run(steps, float(f"{sent:.7g}")) == steps * hundredths // 100


def test_a_mask_is_white_where_the_image_may_change_and_greys_are_the_nearer_of_the_two() -> None:
    mask = Image.new("L", (96, 64), 127)
    mask.paste(128, (0, 0, 48, 64))
    for kind in ("PNG", "WEBP"):
        file = encode(mask, kind, lossless=True)
        params = check_edit(EditImageRequest(prompt="x", image_base64=upload(), mask=file), LIMITS)
        assert params.edit is not None
        assert params.edit.mask is not None
        assert (params.edit.mask.mode, params.edit.mask.size) == ("L", (96, 64))
        assert params.edit.mask.getcolors() == [(48 * 64, 0), (48 * 64, 255)]
        assert params.edit.mask.getpixel((0, 0)) == 255


def test_a_mask_that_does_not_fit_its_image_or_is_none_is_refused() -> None:
    assert edit(mask=upload(64, 96)) == {"mask": "is 64 x 96 pixels, takes the image's size 96 x 64"}
    assert edit(mask=upload(192, 128)) == {"mask": "is 192 x 128 pixels, takes the image's size 96 x 64"}
    assert edit(mask=b"") == {"mask": "is empty, takes a PNG, JPEG or WebP file"}
    assert edit(mask=b"hello") == {"mask": "is of another kind or damaged, takes a PNG, JPEG or WebP file"}
    assert list(edit(mask=b"hello", strength=2.0)) == ["strength", "mask"]
    assert list(edit(mask=b"hello", image_base64=b"hello")) == ["image_base64"]


@pytest.mark.parametrize("value", [math.nan, math.inf, -0.1, 1.1])
def test_motions_are_refused(value: float) -> None:
    assert frames(motion=value) == {"motion": f"got {value:g}, takes 0 to 1"}


@pytest.mark.parametrize("value", [0, -1, 61, 2**31 - 1])
def test_frame_rates_are_refused(value: int) -> None:
    assert frames(fps=value) == {"fps": f"got {value}, takes 1 to 60"}


@pytest.mark.parametrize("value", ["", "gif", "MP4", "x" * 10**5])
def test_an_unknown_format_is_refused_listing_what_exists(value: str) -> None:
    told = frames(format=value)["format"]
    assert told.startswith(f"got '{value[:1]}")
    assert told.endswith("takes webp or mp4")
    assert len(told) < 300


def test_what_is_sent_of_an_animation_is_what_counts() -> None:
    for kind in ("webp", "mp4"):
        request = GenerateFramesRequest(prompt="x", motion=0, format=kind, fps=60, num_frames=1)
        frames = check_frames(request, LIMITS)
        assert (frames.params.motion, frames.format, frames.fps, frames.params.num_frames) == (0, kind, 60, 1)


@pytest.mark.parametrize("prompt", ["", "  \n"])
def test_blank_prompts_are_refused(prompt: str) -> None:
    assert (
        image(prompt=prompt)
        == edit(prompt=prompt)
        == frames(prompt=prompt)
        == {"prompt": "is blank, takes text"}
    )


def test_long_prompts_are_refused() -> None:
    told = "got 10001 characters, takes at most 10000"
    assert image(prompt="x" * 10001, negative_prompt="x" * 10001) == {"prompt": told, "negative_prompt": told}
    assert check_image(GenerateImageRequest(prompt="x" * 10000), LIMITS).prompt


@pytest.mark.parametrize("value", [-1, 151])
def test_preview_intervals_are_refused(value: int) -> None:
    told = {"preview_every": f"got {value}, takes 0 to 150"}
    assert image(preview_every=value) == edit(preview_every=value) == frames(preview_every=value) == told


@pytest.mark.parametrize("value", [-1, 2**32])
def test_fault_37_seeds_are_refused(value: int) -> None:
    told = {"seed": f"got {value}, takes 0 to 4294967295"}
    assert image(seed=value) == edit(seed=value) == frames(seed=value) == told


@pytest.mark.parametrize("name", ["", "baroque", "Anime", "a" * 10**5])
def test_fault_38_an_unknown_style_is_refused_listing_what_exists(name: str) -> None:
    found = image(style=name)
    assert list(found) == ["style"]
    assert all(style in found["style"] for style in STYLES)
    assert len(found["style"]) < 400


def test_all_that_is_wrong_is_told_at_once() -> None:
    wrong = {"prompt": "", "style": "x", "guidance_scale": -1.0, "width": 1, "num_frames": 0, "seed": -1}
    assert set(frames(**wrong)) == set(wrong)
