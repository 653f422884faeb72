"""Tells pictures from noise, fine or coarse, and pictures from each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from PIL import Image

from training.judge.lab import to_lab

FINE = 0.25  # cycles a pixel: what is quicker is the finest that a picture shows
TILES = 12  # a side; how restless a picture is, is measured in each
SPARE = 1.25  # a picture may be this much noisier than the noisiest true ones


def fine_share(picture: Image.Image) -> float:
    """Which part of a picture's energy, without its mean, is in the highest spatial frequencies."""
    light = to_lab(np.asarray(picture.convert("RGB")))[..., 0]
    window = np.hanning(light.shape[0])[:, None] * np.hanning(light.shape[1])[None]
    energy = np.abs(np.fft.fft2((light - light.mean()) * window)) ** 2
    y, x = np.fft.fftfreq(light.shape[0])[:, None], np.fft.fftfreq(light.shape[1])[None]
    return float(energy[np.hypot(x, y) > FINE].sum() / max(float(energy.sum()), 1e-9))


def unrest(picture: Image.Image) -> float:
    """Lab deviation within the picture's tiles, of the calmest third: coarse noise leaves none calm."""
    lab = to_lab(np.asarray(picture.convert("RGB")))
    height, width = (length // TILES * TILES for length in lab.shape[:2])
    tiles = lab[:height, :width].reshape(TILES, height // TILES, TILES, width // TILES, 3)
    deviation = np.sqrt(tiles.var(axis=(1, 3)).sum(axis=-1))
    return float(np.quantile(deviation, 1 / 3))


@dataclass(frozen=True, slots=True)
class Yardstick:
    """Fine energy (the median) and unrest (the mean) of true pictures, and the most of 98 in a hundred."""

    fine: float
    finest: float
    unrest: float
    most_unrest: float

    def is_clean(self, picture: Image.Image) -> bool:
        """Whether a picture is no noise."""
        return fine_share(picture) <= SPARE * self.finest and unrest(picture) <= SPARE * self.most_unrest


def yardstick(pictures: Sequence[Image.Image]) -> Yardstick:
    """From true pictures."""
    fine = [fine_share(picture) for picture in pictures]
    restless = [unrest(picture) for picture in pictures]
    return Yardstick(
        float(np.median(fine)),
        float(np.quantile(fine, 0.98)),
        float(np.mean(restless)),
        float(np.quantile(restless, 0.98)),
    )


def difference(first: Image.Image, second: Image.Image) -> float:
    """The mean difference of pixels, in 255ths."""
    a, b = (np.asarray(picture.convert("RGB"), np.float32) for picture in (first, second))
    return float(np.abs(a - b).mean())


def least_difference(pictures: Sequence[Image.Image]) -> float:
    """Between the two most alike of them."""
    return min(difference(first, second) for first, second in combinations(pictures, 2))
