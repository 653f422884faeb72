"""Tells what stands in a picture from the plain backdrop behind it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage.measure import label, regionprops

from training.judge.lab import Array, distance, to_lab

Mask = NDArray[np.bool_]
Box = tuple[float, float, float, float]  # left, top, right, bottom in pixels

RIM = 0.03  # of the shorter side: the frame in which mostly backdrop shows
SLOPE = 10.0  # Lab: what is further from the backdrop's plane is not backdrop
SHADE = 0.78  # the darkest a shadow makes the backdrop, times its colour
SMALLEST = 0.02  # of the largest part: parts that are smaller are specks


@dataclass(frozen=True, slots=True)
class Cut:
    """A picture and its backdrop: `colour` is the backdrop's in Lab, `far` how unlike it each pixel is
    (Lab), and `floor` how unlike it the backdrop itself is in its worst places.
    """

    picture: Image.Image
    colour: Array
    rgb: tuple[int, int, int]
    far: Array
    floor: float

    def mask(self, threshold: float) -> Mask:
        """What is no backdrop, without specks."""
        parts = label(self.far > max(threshold, 1.25 * self.floor))
        sizes = np.bincount(parts.ravel())
        sizes[0] = 0
        kept = sizes >= max(4.0, SMALLEST * float(sizes.max()))
        return np.asarray(kept[parts], np.bool_)


def cut(picture: Image.Image) -> Cut:
    """Measures the backdrop on the picture's rim; it may be a slope of colours, and have shadows."""
    pixels = np.asarray(picture.convert("RGB"))
    lab = to_lab(pixels)
    plane, rim = _backdrop(lab)
    inside = distance(lab, plane)[rim] < SLOPE
    colour = np.asarray(np.median(plane[rim], axis=0), np.float32)
    seen = pixels[rim][inside] if inside.any() else pixels[rim]
    rgb = np.median(seen, axis=0).round().astype(int)
    shaded = to_lab(rgb.astype(np.float32) * SHADE) - to_lab(rgb.astype(np.float32))
    far = _far(lab - plane, shaded)
    floor = float(np.quantile(far[rim][inside], 0.98)) if inside.any() else SLOPE
    return Cut(picture, colour, (int(rgb[0]), int(rgb[1]), int(rgb[2])), far, floor)


def _far(offset: Array, shaded: Array) -> Array:
    """[h, w]: how far each pixel's offset from the backdrop is from the way into the shadow."""
    share = np.clip(offset @ shaded / max(float(shaded @ shaded), 1e-6), 0, 1)
    return np.asarray(np.linalg.norm(offset - share[..., None] * shaded, axis=-1), np.float32)


def _backdrop(lab: Array) -> tuple[Array, Mask]:
    """[h, w, 3]: the plane through most of the rim's colours, and which pixels are the rim."""
    height, width = lab.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    edge = np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y))
    rim = edge < max(2.0, RIM * min(width, height))
    terms = np.stack([np.ones_like(x), x / width - 0.5, y / height - 0.5], axis=-1)
    colours = lab[rim]
    fitted = np.broadcast_to(np.median(colours, axis=0), colours.shape)
    plane = np.zeros((3, 3), np.float32)
    plane[0] = fitted[0]
    for reach in (2.5 * SLOPE, SLOPE, SLOPE):
        close = distance(colours, fitted) < reach
        if close.mean() < 0.3:
            break
        plane = np.linalg.lstsq(terms[rim][close], colours[close], rcond=None)[0].astype(np.float32)
        fitted = terms[rim] @ plane
    return terms @ plane, np.asarray(rim)


def box_of(mask: Mask) -> Box | None:
    """The smallest upright box around everything in the mask."""
    if not mask.any():
        return None
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    return (float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))


def halves(mask: Mask) -> tuple[Mask, Mask]:
    """What is on the left and on the right of the emptiest column near the middle."""
    width = mask.shape[1]
    low, high = int(width * 0.38), int(width * 0.62) + 1
    middle = np.abs(np.arange(low, high) - width / 2) / width
    split = low + int(np.argmin(mask[:, low:high].sum(axis=0) + middle))
    left, right = mask.copy(), mask.copy()
    left[:, split:] = False
    right[:, :split] = False
    return left, right


def largest(mask: Mask) -> Mask:
    """Only the part that covers most."""
    parts = regionprops(label(mask))
    if not parts:
        return mask
    return np.asarray(label(mask) == max(parts, key=lambda part: part.area).label, np.bool_)
