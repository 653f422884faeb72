"""Colours as people see them: CIE Lab, where a distance of about 2 can just be seen."""

import numpy as np
from numpy.typing import NDArray
from skimage.color import rgb2lab

from training.colours import COLOURS

Array = NDArray[np.float32]


def to_lab(pixels: Array | NDArray[np.uint8]) -> Array:
    """[..., 3] of sRGB from 0 to 255."""
    return np.asarray(rgb2lab(np.asarray(pixels, np.float32) / 255), np.float32)


NAMED = {name: to_lab(np.array(colour, np.float32)) for name, colour in COLOURS.items()}


def distance(first: Array, second: Array) -> Array:
    """Between colours [..., 3]."""
    return np.asarray(np.linalg.norm(first - second, axis=-1), np.float32)


def name_of(colour: Array) -> str:
    """The name of the nearest named colour."""
    return min(NAMED, key=lambda name: float(distance(NAMED[name], colour)))
