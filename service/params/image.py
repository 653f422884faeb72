"""Checks requests for images, edits and frames and makes them numbers and pixels."""

from dataclasses import dataclass, replace
from typing import Literal

from PIL import Image

from generation.v1.generation_pb2 import EditImageRequest, GenerateFramesRequest, GenerateImageRequest
from service import styles
from service.engine.params import Edit, ImageParams, steps_to_run
from service.images import ImageRefused, decode_mask, decode_upload
from service.params import limits
from service.params.checks import Checker, shown
from service.params.limits import ImageLimits

AnimationFormat = Literal["webp", "mp4"]
FORMATS: dict[str, AnimationFormat] = {"webp": "webp", "mp4": "mp4"}

_Request = GenerateImageRequest | EditImageRequest | GenerateFramesRequest
_NO_SIZE = (0, 0)


@dataclass(frozen=True, slots=True)
class FramesInput:
    """A checked request for frames: what the engine gets, and the file that the frames also become."""

    params: ImageParams
    format: AnimationFormat | None
    fps: int


def check_image(request: GenerateImageRequest, limit: ImageLimits) -> ImageParams:
    """Checks a request for an image. Raises InvalidArgument with every violation."""
    check = Checker()
    params = _params(check, request, _size(check, request, limit))
    check.raise_if_any()
    return params


def check_edit(request: EditImageRequest, limit: ImageLimits) -> ImageParams:
    """Checks a request for an edit and decodes its images: work for a thread.

    Raises InvalidArgument with every violation.
    """
    check = Checker()
    params = _params(check, request, _NO_SIZE)
    strength = check.number(request, limits.STRENGTH)
    steps = params.num_inference_steps
    if check.sound("num_inference_steps", "strength") and not steps_to_run(steps, strength):
        takes = f"at least {1 / steps:.3g} for {steps} steps, so that one runs"
        check.refuse("strength", f"got {strength:g}, takes {takes}")
    image = _image(check, request, limit)
    mask = _mask(check, request, image) if image else None
    check.raise_if_any()
    assert image is not None, "a refused image has raised"
    return replace(params, width=image.width, height=image.height, edit=Edit(image, strength, mask))


def check_frames(request: GenerateFramesRequest, limit: ImageLimits) -> FramesInput:
    """Checks a request for frames. Raises InvalidArgument with every violation."""
    check = Checker()
    width, height = _size(check, request, limit)
    params = _params(check, request, (width, height))
    num_frames = check.integer(request, limits.NUM_FRAMES)
    area = width * height
    if check.sound("width", "height", "num_frames") and num_frames * area > limit.max_frame_pixels:
        most = limit.max_frame_pixels // area
        check.refuse("num_frames", f"got {num_frames}, takes at most {most} of {width} x {height} pixels")
    motion = check.number(request, limits.MOTION)
    fps = check.integer(request, limits.FPS)
    if request.HasField("format") and request.format not in FORMATS:
        check.refuse("format", f"got {shown(request.format)}, takes {' or '.join(FORMATS)}")
    check.raise_if_any()
    return FramesInput(
        replace(params, num_frames=num_frames, motion=motion), FORMATS.get(request.format), fps
    )


def _params(check: Checker, request: _Request, size: tuple[int, int]) -> ImageParams:
    check.words("prompt", request.prompt, limits.LONGEST_IMAGE_PROMPT)
    check.length("negative_prompt", request.negative_prompt, limits.LONGEST_IMAGE_PROMPT)
    prompt, negative_prompt = styles.apply(_style(check, request), request.prompt, request.negative_prompt)
    return ImageParams(
        prompt=prompt,
        negative_prompt=negative_prompt,
        num_inference_steps=check.integer(request, limits.STEPS),
        guidance_scale=check.number(request, limits.GUIDANCE),
        seed=check.seed(request),
        preview_every=check.integer(request, limits.PREVIEW_EVERY),
        width=size[0],
        height=size[1],
    )


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


def _mask(check: Checker, request: EditImageRequest, image: Image.Image) -> Image.Image | None:
    try:
        return decode_mask(request.mask, image.size) if request.HasField("mask") else None
    except ImageRefused as refused:
        check.refuse("mask", refused.description)
        return None
