"""What a step of the UNet's training is made of: latents, noise, times, and what captions ask for."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from training.latents import SEED, Bucket, Latents

DROPPED = 0.12  # of the captions, so that guidance has something to lead away from
EDITED = 0.5  # of the steps are of edits
EARLIEST = 0.35  # the least strength of those


@dataclass(frozen=True, slots=True)
class Readings:
    """What the text encoders make of captions: `tokens` [n, 48, 224] and `pooled` [n, 112], bfloat16."""

    tokens: Tensor
    pooled: Tensor

    def some(self, count: int, random: np.random.Generator) -> "Readings":
        """Rows drawn at random."""
        rows = random.integers(len(self.tokens), size=count)
        return Readings(self.tokens[rows], self.pooled[rows])


@dataclass(frozen=True, slots=True)
class Batch:
    """Clean latents and noise [n, 32, h, w], times [n], what is asked for, and what is left of a picture.

    `kept` [n, 1, 1, 1]: of its variance, at those times.
    """

    bucket: Bucket
    clean: Tensor
    noise: Tensor
    times: Tensor
    kept: Tensor
    asked: Readings

    @property
    def noisy(self) -> Tensor:
        """What the UNet sees."""
        return self.kept.sqrt() * self.clean + (1 - self.kept).sqrt() * self.noise

    @property
    def velocity(self) -> Tensor:
        """What it is to predict."""
        return self.kept.sqrt() * self.noise - (1 - self.kept).sqrt() * self.clean


@dataclass(frozen=True, slots=True)
class Lessons:
    """What steps are made of: `asked` has a reading for each of the `latents`, by bucket.

    `nothing`: readings that ask for nothing. `kept` [1000]: how much of a picture's variance is left at
    each time.
    """

    latents: list[Latents]
    asked: list[Readings]
    nothing: Readings
    scale: float
    kept: Tensor

    def sample(self, number: int, dropped: float = DROPPED) -> Batch:
        """Step `number`'s; a share of its captions is `dropped`."""
        random = np.random.default_rng((SEED, number))
        shares = np.array([part.bucket.share for part in self.latents])
        index = int(random.choice(len(self.latents), p=shares / shares.sum()))
        part, asked = self.latents[index], self.asked[index]
        rows = random.integers(len(part.numbers), size=part.bucket.batch)
        clean = part.values[rows].float() * self.scale
        tokens, pooled = asked.tokens[rows], asked.pooled[rows]
        without = np.flatnonzero(random.uniform(size=len(rows)) < dropped)
        nothing = self.nothing.some(len(without), random)
        tokens[without], pooled[without] = nothing.tokens, nothing.pooled
        generator = torch.Generator().manual_seed(SEED + number)
        noise = torch.randn(clean.shape, generator=generator)
        # Noisy times more often: there it is decided what the picture shows, and where.
        times = (torch.rand(len(rows), generator=generator).sqrt() * len(self.kept)).long()
        kept = self.kept[times][:, None, None, None]
        begun = self._begun(times, torch.rand(2, len(rows), generator=generator))
        begun[without] = 0  # where nothing is asked for, nothing changes
        noise += begun[:, None, None, None] * (part.before[rows].float() * self.scale - clean)
        return Batch(part.bucket, clean, noise, times, kept, Readings(tokens, pooled))

    def _begun(self, times: Tensor, chances: Tensor) -> Tensor:
        """[n]: how much of the difference from the picture before an edit is in the noise, at `times`.

        An edit begins with noise over another picture than the one that the caption asks for, and what they
        differ in shrinks with the noise. Whoever never saw that takes it for what the picture shows, and
        keeps the old colours. `chances` [2, n] from 0 to 1: whether a step is of an edit, and when that
        began.
        """
        last = len(self.kept) - 1
        earliest = times.clamp(min=int(EARLIEST * last))
        start = (earliest + chances[1] * (last - earliest)).long()
        begun = (self.kept[start] / (1 - self.kept[start])).sqrt()
        return torch.where(chances[0] < EDITED, begun, 0.0)
