"""What several styles do to pictures."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageEnhance, ImageFilter
from scipy import ndimage


def over(backdrop: Image.Image, things: Image.Image) -> Image.Image:
    """The things (RGBA) before the backdrop (RGB)."""
    flat = backdrop.copy()
    flat.paste(things, mask=things.getchannel("A"))
    return flat


def with_shadow(backdrop: Image.Image, things: Image.Image, strength: float) -> Image.Image:
    """The backdrop with a soft shadow below the things."""
    unit = min(backdrop.size)
    mask = things.getchannel("A").point(lambda a: int(a * strength))
    mask = ImageChops.offset(mask, 0, round(unit * 0.02)).filter(ImageFilter.GaussianBlur(unit * 0.025))
    dark = backdrop.copy()
    dark.paste(ImageEnhance.Brightness(backdrop).enhance(0.45), mask=mask)
    return dark


def smooth_noise(size: tuple[int, int], grain: float, random: np.random.Generator) -> NDArray[np.float32]:
    """[height, width] of smooth noise, deviation 1, with blobs of `grain` pixels."""
    width, height = size
    small = random.normal(size=(max(2, round(height / grain)), max(2, round(width / grain)))).astype(
        np.float32
    )
    image = Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)
    return np.asarray(image, np.float32)


def lit(image: Image.Image, gain: NDArray[np.float32]) -> Image.Image:
    """Every pixel times `gain` [height, width]."""
    pixels = np.asarray(image, np.float32) * gain[..., None]
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def outlines(image: Image.Image, wide: float, gain: float) -> NDArray[np.float32]:
    """[height, width], 1 on outlines that are about `wide` pixels thick and 0 elsewhere."""
    gray = np.asarray(image.convert("L"), np.float32) / 255
    slope = ndimage.gaussian_gradient_magnitude(gray, max(0.6, wide / 2)) * wide
    edges: NDArray[np.float32] = np.clip(slope * gain - 0.15, 0, 1).astype(np.float32)
    return edges


def at_most(size: tuple[int, int], most: int) -> tuple[int, int]:
    """The size at which a slow filter works: its shorter side is at most `most`."""
    share = min(1.0, most / min(size))
    return (round(size[0] * share), round(size[1] * share))


def way_to_edge(length: int) -> NDArray[np.float32]:
    """Each pixel's way to the nearer end, as a fraction of the length."""
    at = (np.arange(length, dtype=np.float32) + 0.5) / length
    return np.minimum(at, 1 - at)
