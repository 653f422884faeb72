"""A group of images on their way from noise: one image, or some frames behind their anchor.

All state of the denoising is here, and belongs to one request.
"""

import inspect
from dataclasses import dataclass

import torch
from torch import Tensor

from service.pipelines.diffusion.model import NoiseScheduler
from service.pipelines.diffusion.prompts import Conditioning


@dataclass(frozen=True, slots=True)
class Guide:
    """What a request's images are steered by.

    `negative` is None without guidance. `time_ids` [6]: original size, crop, target size, each as
    height and width (SDXL's micro-conditioning, Podell et al. 2023, arXiv:2307.01952).
    """

    positive: Conditioning
    negative: Conditioning | None
    scale: float
    time_ids: Tensor

    @property
    def halves(self) -> tuple[Conditioning, ...]:
        """The conditionings that each image is predicted with, the prompt's last."""
        return (self.positive,) if self.negative is None else (self.negative, self.positive)


@dataclass(frozen=True, slots=True)
class Kept:
    """What an inpainting keeps: clean latents, their noise, and a mask [1, 1, h, w], 1 where it paints."""

    latents: Tensor
    noise: Tensor
    mask: Tensor


@dataclass(slots=True, eq=False)
class Painting:
    """Latents [images, channels, h, w] at step `index` of `timesteps`, float32.

    With several images the first is the anchor that the others attend to. `generators` has one for
    each image, for noise schedulers that draw. `clean` are the clean latents as the last step
    predicted them.
    """

    guide: Guide
    scheduler: NoiseScheduler
    timesteps: Tensor
    latents: Tensor
    generators: list[torch.Generator]
    kept: Kept | None = None
    index: int = 0
    clean: Tensor | None = None

    @property
    def rows(self) -> int:
        """Rows of the UNet call that advances it."""
        return len(self.latents) * len(self.guide.halves)

    @property
    def complete(self) -> bool:
        """Whether every step is done."""
        return self.index == len(self.timesteps)

    @property
    def timestep(self) -> Tensor:
        """The timestep of the next step."""
        return self.timesteps[self.index]

    def advance(self, noise: Tensor) -> None:
        """Takes one step with the predicted noise, of the latents' shape."""
        output = self.scheduler.step(noise, self.timestep, self.latents, **self._extra())
        self.index += 1
        self.latents = output.prev_sample
        self.clean = output.get("pred_original_sample", self.latents)
        if self.kept is not None:
            self._keep(self.kept)

    def _extra(self) -> dict[str, list[torch.Generator]]:
        draws = "generator" in inspect.signature(self.scheduler.step).parameters
        return {"generator": self.generators} if draws else {}

    def _keep(self, kept: Kept) -> None:
        noisy = kept.latents
        if not self.complete:
            noisy = self.scheduler.add_noise(kept.latents, kept.noise, self.timestep[None])
        self.latents = torch.lerp(noisy, self.latents, kept.mask)
