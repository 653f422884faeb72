"""Checks requests for images, edits and frames and makes them numbers and pixels."""

from dataclasses import dataclass
from typing import TypedDict

from PIL import Image

from generation.v1.generation_pb2 import EditImageRequest, GenerateFramesRequest, GenerateImageRequest
from service import styles
from service.images import ImageRefused, decode_upload
from service.params import limits
from service.params.checks import Checker, shown
from service.params.limits import ImageLimits

_Request = GenerateImageRequest | EditImageRequest | GenerateFramesRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffusionParams:
    """What images, edits and frames have in common; the prompts carry the style's words."""

    prompt: str
    negative_prompt: str
    num_inference_steps: int
    guidance_scale: float
    seed: int
    preview_every: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageParams(DiffusionParams):
    """One image, `width` x `height` pixels."""

    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EditParams(DiffusionParams):
    """A change to `image` (upright RGB), whose size the answer has."""

    image: Image.Image
    strength: float

    @property
    def steps_to_run(self) -> int:
        """How many of `num_inference_steps` remain at this strength: the schedule's last ones."""
        return steps_to_run(self.num_inference_steps, self.strength)


@dataclass(frozen=True, slots=True, kw_only=True)
class FramesParams(DiffusionParams):
    """`num_frames` frames of one animation, each `width` x `height` pixels."""

    width: int
    height: int
    num_frames: int


def check_image(request: GenerateImageRequest, limit: ImageLimits) -> ImageParams:
    """Checks a request for an image. Raises InvalidArgument with every violation."""
    check = Checker()
    common = _common(check, request)
    width, height = _size(check, request, limit)
    check.raise_if_any()
    return ImageParams(**common, width=width, height=height)


def check_edit(request: EditImageRequest, limit: ImageLimits) -> EditParams:
    """Checks a request for an edit and decodes its image: work for a thread.

    Raises InvalidArgument with every violation.
    """
    check = Checker()
    common = _common(check, request)
    strength = check.number(request, limits.STRENGTH)
    steps = common["num_inference_steps"]
    if check.sound("num_inference_steps", "strength") and not steps_to_run(steps, strength):
        takes = f"at least {1 / steps:.3g} for {steps} steps, so that one runs"
        check.refuse("strength", f"got {strength:g}, takes {takes}")
    image = _image(check, request, limit)
    check.raise_if_any()
    assert image is not None, "a refused image has raised"
    return EditParams(**common, image=image, strength=strength)


def check_frames(request: GenerateFramesRequest, limit: ImageLimits) -> FramesParams:
    """Checks a request for frames. Raises InvalidArgument with every violation."""
    check = Checker()
    common = _common(check, request)
    width, height = _size(check, request, limit)
    num_frames = check.integer(request, limits.NUM_FRAMES)
    area = width * height
    if check.sound("width", "height", "num_frames") and num_frames * area > limit.max_frame_pixels:
        most = limit.max_frame_pixels // area
        check.refuse("num_frames", f"got {num_frames}, takes at most {most} of {width} x {height} pixels")
    check.raise_if_any()
    return FramesParams(**common, width=width, height=height, num_frames=num_frames)


def steps_to_run(num_inference_steps: int, strength: float) -> int:
    """How many steps of a schedule an edit runs: strength times steps, rounded down."""
    # 0.29 x 100 is 28.999999999999996 in binary and 29 to whoever asked.
    return int(num_inference_steps * strength + 1e-6)


class _Common(TypedDict):
    prompt: str
    negative_prompt: str
    num_inference_steps: int
    guidance_scale: float
    seed: int
    preview_every: int


def _common(check: Checker, request: _Request) -> _Common:
    check.words("prompt", request.prompt, limits.LONGEST_IMAGE_PROMPT)
    check.length("negative_prompt", request.negative_prompt, limits.LONGEST_IMAGE_PROMPT)
    prompt, negative_prompt = styles.apply(_style(check, request), request.prompt, request.negative_prompt)
    return {
        "prompt": prompt,
        "negative_prompt": negative_prompt,
        "num_inference_steps": check.integer(request, limits.STEPS),
        "guidance_scale": check.number(request, limits.GUIDANCE),
        "seed": check.seed(request),
        "preview_every": check.integer(request, limits.PREVIEW_EVERY),
    }


def _style(check: Checker, request: _Request) -> styles.Style:
    name = request.style if request.HasField("style") else styles.DEFAULT_STYLE
    if name not in styles.STYLES:
        check.refuse("style", f"got {shown(name)}, takes {', '.join(styles.STYLES)}")
    return styles.STYLES.get(name, styles.STYLES[styles.DEFAULT_STYLE])


def _size(
    check: Checker, request: GenerateImageRequest | GenerateFramesRequest, limit: ImageLimits
) -> tuple[int, int]:
    width, height = check.integer(request, limits.WIDTH), check.integer(request, limits.HEIGHT)
    if check.sound("width", "height") and width * height > limit.max_pixels:
        longer = "width" if width >= height else "height"
        got = f"{width} x {height} is {width * height} pixels"
        check.refuse(longer, f"got {max(width, height)}: {got}, takes at most {limit.max_pixels}")
    return width, height


def _image(check: Checker, request: EditImageRequest, limit: ImageLimits) -> Image.Image | None:
    try:
        return decode_upload(request.image_base64, limit.max_pixels)
    except ImageRefused as refused:
        check.refuse("image_base64", refused.description)
        return None
