"""Which plain shape something cut out is, and which colour it has."""

from functools import cache

import numpy as np
from PIL import Image

from training.judge.cutting import Cut, Mask, box_of, largest
from training.judge.lab import Array, to_lab
from training.shapes import SHAPES, Shape, draw_shape

SIDE = 64  # pixels of the square in which outlines are laid over each other
STRICT = 16.0  # Lab: what is surely no backdrop


def silhouette(cut: Cut) -> Mask:
    """The largest thing, up to where its colour is mixed half and half with the backdrop's."""
    sure = cut.mask(STRICT)
    if not sure.any():
        return sure
    return largest(cut.mask(0.5 * float(np.quantile(cut.far[sure], 0.7))))


def shape_of(mask: Mask) -> tuple[Shape, float] | None:
    """The shape whose outline covers the mask best, and their intersection over their union."""
    found = _square(mask)
    if found is None:
        return None
    shares = {shape: _overlap(found, template) for shape, template in _templates().items()}
    best = max(shares, key=lambda shape: shares[shape])
    return best, shares[best]


def colour_of(cut: Cut, mask: Mask) -> Array | None:
    """The usual colour inside the mask, in Lab."""
    if not mask.any():
        return None
    pixels = np.asarray(cut.picture.convert("RGB"))[mask]
    return np.asarray(np.median(to_lab(pixels), axis=0), np.float32)


def _square(mask: Mask) -> Mask | None:
    """What is in the mask, stretched to fill the square."""
    box = box_of(mask)
    if box is None:
        return None
    image = Image.fromarray((mask * 255).astype(np.uint8))
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX, box=box)) > 127


def _overlap(first: Mask, second: Mask) -> float:
    return float((first & second).sum() / max(1, (first | second).sum()))


@cache
def _templates() -> dict[Shape, Mask]:
    templates = {}
    for shape in SHAPES:
        drawn = np.asarray(draw_shape(shape, (0, 0, 0), 4 * SIDE).getchannel("A")) > 127
        square = _square(drawn)
        assert square is not None, "a shape has an outline"
        templates[shape] = square
    return templates
