"""Complete images, edits and frames over gRPC, on the real service with a small image model."""

from __future__ import annotations  # the async stub exists for type checkers only

import io
from typing import TYPE_CHECKING

import av
import grpc
import pytest
from PIL import Image

from generation.v1 import generation_pb2 as pb
from tests.grpc.images import PROMPT, SMALL, opened, picture, unary
from tests.image_files import encode
from tests.stack import Stack, stub

if TYPE_CHECKING:
    from generation.v1.generation_pb2_grpc import GenerationAsyncStub


def image(**fields: object) -> pb.GenerateImageRequest:
    """A request for a small image; `fields` in the place of its own."""
    small: dict[str, object] = {"prompt": PROMPT, "width": 64, "height": 64, "num_inference_steps": 3}
    return pb.GenerateImageRequest(**(small | {"seed": 7} | fields))  # type: ignore[arg-type]


def frames(**fields: object) -> pb.GenerateFramesRequest:
    """A request for small frames; `fields` in the place of its own."""
    small: dict[str, object] = {"prompt": PROMPT, "width": 64, "height": 64, "num_inference_steps": 3}
    return pb.GenerateFramesRequest(**(small | {"seed": 7} | fields))  # type: ignore[arg-type]


async def test_an_image_is_a_png_of_the_asked_size_with_the_prompt_as_sent_and_the_seed(
    generation: GenerationAsyncStub,
) -> None:
    asked = image(prompt="  Ein Bär 🐻 ", style="anime", width=136, height=72)
    answer = await generation.GenerateImage(asked)
    painted = opened(answer.image_base64)
    assert (painted.mode, painted.size) == ("RGB", (136, 72))
    assert len(painted.getcolors(1 << 16) or []) > 100, "a picture has colours"
    assert (answer.prompt, answer.seed) == ("  Ein Bär 🐻 ", 7)


async def test_a_drawn_seed_is_reported_and_makes_the_same_image_again(
    generation: GenerationAsyncStub,
) -> None:
    asked = image()
    asked.ClearField("seed")
    first, other = await generation.GenerateImage(asked), await generation.GenerateImage(asked)
    assert first.seed != other.seed
    assert first.image_base64 != other.image_base64
    assert await generation.GenerateImage(image(seed=first.seed)) == first


@pytest.mark.parametrize(
    "field",
    [
        {"prompt": "A dog"},
        {"negative_prompt": "blurry"},
        {"style": "none"},
        {"seed": 0},
        {"seed": 4294967295},
        {"num_inference_steps": 4},
        {"guidance_scale": 0},
        {"guidance_scale": 30},
    ],
    ids=str,
)
async def test_each_of_these_fields_changes_the_image(
    generation: GenerationAsyncStub, field: dict[str, object]
) -> None:
    answers = [await generation.GenerateImage(asked) for asked in (image(), image(**field))]
    assert answers[0].image_base64 != answers[1].image_base64


@pytest.mark.parametrize("kind", SMALL)
async def test_a_complete_answer_is_the_same_with_and_without_previews(
    generation: GenerationAsyncStub, kind: str
) -> None:
    plain = type(SMALL[kind])()
    plain.CopyFrom(SMALL[kind])  # type: ignore[arg-type]
    plain.ClearField("preview_every")
    assert await unary(generation, SMALL[kind]) == await unary(generation, plain)


async def test_an_edit_has_the_upright_size_of_what_was_sent(generation: GenerationAsyncStub) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    asked = pb.EditImageRequest(
        prompt=PROMPT, image_base64=picture(131, 70, "JPEG", exif=exif), num_inference_steps=2, seed=7
    )
    answer = await generation.EditImage(asked)
    assert opened(answer.image_base64).size == (70, 131)
    assert (answer.prompt, answer.seed) == (PROMPT, 7)


async def test_strength_decides_how_much_of_an_image_changes(generation: GenerationAsyncStub) -> None:
    size = {"width": 256, "height": 256, "num_inference_steps": 20}
    circle = image(prompt="A red circle on a white background", **size)
    sent = (await generation.GenerateImage(circle)).image_base64

    async def change(strength: float) -> float:
        asked = pb.EditImageRequest(
            prompt="A fox on a green background",
            image_base64=sent,
            strength=strength,
            num_inference_steps=20,
            seed=7,
        )
        edited = opened((await generation.EditImage(asked)).image_base64).tobytes()
        pairs = zip(opened(sent).tobytes(), edited, strict=True)
        return sum(abs(before - after) for before, after in pairs) / len(edited)

    changes = [await change(strength) for strength in (0.1, 0.5, 1)]
    assert changes == sorted(changes)
    assert changes[-1] > 2 * changes[0]


async def test_what_a_mask_keeps_stays_as_it_was_sent(generation: GenerationAsyncStub) -> None:
    left, right = (0, 0, 64, 64), (64, 0, 128, 64)
    mask = Image.new("L", (128, 64))
    mask.paste(255, right)
    asked = pb.EditImageRequest(
        prompt=PROMPT, image_base64=picture(), mask=encode(mask, "PNG"), num_inference_steps=2, seed=7
    )
    edited, sent = opened((await generation.EditImage(asked)).image_base64), opened(picture())
    assert edited.crop(left).tobytes() == sent.crop(left).tobytes()
    assert edited.crop(right).tobytes() != sent.crop(right).tobytes()


async def test_frames_are_pngs_of_the_asked_number_and_size_and_the_first_is_the_image(
    generation: GenerationAsyncStub,
) -> None:
    answer = await generation.GenerateFrames(frames())
    assert [opened(frame).size for frame in answer.frames] == [(64, 64)] * 4
    assert len(set(answer.frames)) == 4
    assert (answer.prompt, answer.seed, answer.HasField("animation")) == (PROMPT, 7, False)
    assert answer.frames[0] == (await generation.GenerateImage(image())).image_base64


async def test_without_motion_frames_are_a_still(generation: GenerationAsyncStub) -> None:
    def spread(pngs: list[bytes]) -> int:
        """The largest difference between the first and the last frame."""
        first, last = opened(pngs[0]).tobytes(), opened(pngs[-1]).tobytes()
        return max(abs(before - after) for before, after in zip(first, last, strict=True))

    still, lively = [
        spread([*(await generation.GenerateFrames(frames(motion=motion))).frames]) for motion in (0, 1)
    ]
    assert still <= 1
    assert lively > 10


@pytest.mark.parametrize(("fps", "seconds"), [(None, 0.5), (2, 2.0), (60, 4 / 60)])
async def test_frames_become_a_film_of_the_asked_rate(
    generation: GenerationAsyncStub, fps: int | None, seconds: float
) -> None:
    asked = frames(format="webp", fps=fps)
    loop = Image.open(io.BytesIO((await generation.GenerateFrames(asked)).animation))
    lengths = []
    for number in range(getattr(loop, "n_frames", 1)):
        loop.seek(number)
        loop.load()
        lengths.append(loop.info["duration"])
    assert (loop.format, len(lengths)) == ("WEBP", 4)
    assert sum(lengths) / 1000 == pytest.approx(seconds, abs=0.001)
    asked.format = "mp4"
    with av.open(io.BytesIO((await generation.GenerateFrames(asked)).animation), "r") as film:
        video = film.streams.video[0]
        assert len([*film.decode(video)]) == 4
        assert float((video.duration or 0) * (video.time_base or 0)) == pytest.approx(seconds)


async def test_an_answer_above_4_mib_comes_to_a_client_that_allows_it(stack: Stack) -> None:
    noise = encode(Image.effect_noise((1536, 1024), 100).convert("RGB"), "PNG", compress_level=0)
    keep_all = encode(Image.new("L", (1536, 1024)), "PNG")
    asked = pb.EditImageRequest(
        prompt=PROMPT, image_base64=noise, mask=keep_all, num_inference_steps=2, guidance_scale=0
    )
    options = [("grpc.max_receive_message_length", 64 << 20)]
    async with grpc.aio.insecure_channel(stack.grpc_address, options=options) as channel:
        answer = await stub(channel).EditImage(asked)
    assert len(answer.image_base64) > 4 << 20
    assert opened(answer.image_base64).tobytes() == opened(noise).tobytes()
