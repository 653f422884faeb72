"""Image requests for the tests: small, and as asked otherwise."""

from dataclasses import replace

import numpy as np
from PIL import Image

from service.engine.params import Edit, ImageParams

SMALL = ImageParams(
    prompt="a cat on a mat",
    negative_prompt="blurry",
    num_inference_steps=5,
    guidance_scale=5.0,
    seed=3,
    preview_every=0,
    width=64,
    height=64,
)


def params(**changes: object) -> ImageParams:
    """An image of 64 x 64 pixels in 5 steps, unless changed."""
    return replace(SMALL, **changes)  # type: ignore[arg-type]


def edit(strength: float = 0.6, mask: Image.Image | None = None, **changes: object) -> ImageParams:
    """A change of some picture of the request's size."""
    wanted = params(**changes)
    return replace(wanted, edit=Edit(photo(wanted.width, wanted.height), strength, mask))


def masked(strength: float = 0.6, **changes: object) -> ImageParams:
    """A change of a picture's right half."""
    wanted = params(**changes)
    return edit(strength, half_mask(wanted.width, wanted.height), **changes)


def photo(width: int, height: int) -> Image.Image:
    """Soft colours, the same for the same size."""
    colours = np.random.default_rng(width * height).integers(0, 256, (4, 4, 3), np.uint8)
    return Image.fromarray(colours).resize((width, height), Image.Resampling.BICUBIC)


def half_mask(width: int, height: int) -> Image.Image:
    """Changes the right half, from a multiple of eight pixels on."""
    mask = Image.new("L", (width, height))
    mask.paste(255, (width // 2 // 8 * 8, 0, width, height))
    return mask
