"""What latents are: the 32 principal components of each square of 32 x 32 pixels, coarse to fine.

They stand for a picture as a thumbnail does, the flat colours first, so noise hides details before the
form.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

CHANNELS = 32
SIDE = 32  # pixels of a square
SAMPLE = 2_000  # crops that the components are found in


@dataclass(frozen=True, slots=True)
class Components:
    """`mean` [3072] of squares; `axes` [3072, 32]: orthogonal, scaled to what they contribute."""

    mean: Tensor
    axes: Tensor

    def of(self, pixels: NDArray[np.uint8]) -> Tensor:
        """[n, height, width, 3] to latents [n, 32, height / 32, width / 32]."""
        count, height, width = pixels.shape[:3]
        latents = (_squares(pixels) - self.mean) @ self.axes
        return latents.reshape(count, height // SIDE, width // SIDE, CHANNELS).permute(0, 3, 1, 2)

    def colours(self) -> tuple[Tensor, Tensor]:
        """The mean colour [3], and what each latent adds to its square's colour [3, 32], -1 to 1."""
        back = self.axes / self.axes.square().sum(0)
        return self.mean.reshape(3, -1).mean(1), back.reshape(3, -1, CHANNELS).mean(1)


def find_components(work: Path, crops: NDArray[np.uint8]) -> Components:
    """Of the first of `crops` [n, 128, 128, 3]; found the first time, then read from `work`."""
    file = work / "components.pt"
    if not file.exists():
        partial_file = file.with_suffix(".part")
        torch.save(_find(_squares(crops[:SAMPLE])), partial_file)
        partial_file.rename(file)
    return Components(**torch.load(file, weights_only=True))


def _find(squares: Tensor) -> dict[str, Tensor]:
    mean = squares.mean(0)
    centred = squares - mean
    variances, axes = torch.linalg.eigh(centred.T @ centred / len(centred))
    deviations = variances.flip(0)[:CHANNELS].sqrt()
    # Half-way between all channels alike, where form would drown in detail, and as they are, where
    # detail would count for nothing; the first has deviation 1.
    return {"mean": mean, "axes": axes.flip(1)[:, :CHANNELS] / (deviations * deviations[0]).sqrt()}


def _squares(pixels: NDArray[np.uint8]) -> Tensor:
    """[n, height, width, 3] to [n * height / 32 * width / 32, 3072], -1 to 1."""
    count, height, width = pixels.shape[:3]
    parts = torch.from_numpy(np.ascontiguousarray(pixels)).float() / 127.5 - 1
    parts = parts.reshape(count, height // SIDE, SIDE, width // SIDE, SIDE, 3)
    return parts.permute(0, 1, 3, 5, 2, 4).reshape(-1, 3 * SIDE * SIDE)
