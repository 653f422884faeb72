"""How alike pictures are: what makes frames one animation, and what tells them from a shifted still."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from skimage.metrics import structural_similarity
from skimage.registration import phase_cross_correlation

Picture = NDArray[np.uint8]  # [height, width, 3]


def neighbours_ssim(frames: Sequence[Picture]) -> float:
    """The mean structural similarity (Wang et al. 2004) of neighbouring frames, 1 for equal ones."""
    values = [
        structural_similarity(first, second, channel_axis=2, data_range=255)
        for first, second in pairwise(frames)
    ]
    return float(np.mean(values))


def residual(first: Picture, second: Picture) -> float:
    """Mean absolute difference, of 255, that is left after the best shift of the whole picture."""
    shift, _, _ = phase_cross_correlation(first.mean(2), second.mean(2))
    down, right = (round(float(distance)) for distance in shift)
    moved = np.roll(second, (down, right), axis=(0, 1))
    overlap = np.s_[max(down, 0) : len(first) + min(down, 0), max(right, 0) : first.shape[1] + min(right, 0)]
    unmoved = min(_difference(first, second), _difference(first[overlap], moved[overlap]))
    return float(unmoved)


def neighbours_residual(frames: Sequence[Picture]) -> float:
    """The mean residual of neighbouring frames."""
    return float(np.mean([residual(first, second) for first, second in pairwise(frames)]))


def _difference(first: Picture, second: Picture) -> float:
    if not first.size:
        return float("inf")
    return float(np.abs(first.astype(np.int16) - second).mean())
