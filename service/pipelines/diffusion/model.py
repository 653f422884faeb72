"""A loaded checkpoint in SDXL's layout: its parts and what they say of themselves."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import torch
from diffusers import AutoencoderKL, AutoencoderTiny, UNet2DConditionModel
from torch import Tensor
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

Autoencoder: TypeAlias = AutoencoderKL | AutoencoderTiny


class NoiseScheduler(Protocol):
    """What diffusers' schedulers have in common. Each request has one of its own."""

    order: int
    config: dict[str, object]
    init_noise_sigma: float | Tensor
    timesteps: Tensor

    @classmethod
    def from_config(cls, config: dict[str, object]) -> "NoiseScheduler":
        """A fresh scheduler."""

    def set_timesteps(self, num_inference_steps: int) -> None:
        """Lays out a schedule."""

    def scale_model_input(self, sample: Tensor, timestep: Tensor) -> Tensor:
        """What the UNet is shown of latents at a timestep."""

    def add_noise(self, original_samples: Tensor, noise: Tensor, timesteps: Tensor) -> Tensor:
        """Clean latents at the noise level of timesteps."""

    def step(self, model_output: Tensor, timestep: Tensor, sample: Tensor, **extra: Any) -> Any:  # noqa: ANN401 - each has an output class of its own
        """The latents after one step, as `prev_sample`."""


def pixels_a_latent(vae: Autoencoder) -> int:
    """Pixels a latent, on each side: every stage of an autoencoder but one halves them."""
    return int(2 ** (len(vae.config["block_out_channels"]) - 1))


@dataclass(frozen=True, slots=True)
class TextEncoder:
    """A CLIP text model with its tokenizer."""

    tokenizer: CLIPTokenizer
    encoder: CLIPTextModel | CLIPTextModelWithProjection


@dataclass(frozen=True, slots=True)
class DiffusionModel:
    """The parts of a checkpoint.

    `noise_scheduler` makes a fresh scheduler, of this `order`. `zero_empty_negative`: an empty
    negative prompt is a zero embedding, not the embedding of no words. `predict` is the UNet as it is
    called: itself, or compiled. `device` and `dtype` are the UNet's: its own properties take
    milliseconds, for they look at every layer.
    """

    unet: UNet2DConditionModel
    vae: Autoencoder
    text_encoders: tuple[TextEncoder, ...]
    noise_scheduler: Callable[[], NoiseScheduler]
    order: int
    zero_empty_negative: bool
    predict: Callable[..., tuple[Tensor]]
    device: torch.device
    dtype: torch.dtype

    @property
    def factor(self) -> int:
        """Pixels a latent, on each side."""
        return pixels_a_latent(self.vae)

    @property
    def latent_channels(self) -> int:
        """Channels of the latents."""
        return int(self.unet.config["in_channels"])

    def padded(self, width: int, height: int) -> tuple[int, int]:
        """A size in pixels, rounded up to whole latents: what is painted, then cut at the right and below."""
        return -(-width // self.factor) * self.factor, -(-height // self.factor) * self.factor

    def latent_shape(self, width: int, height: int) -> tuple[int, int]:
        """The latents, (height, width), of a size in pixels."""
        width, height = self.padded(width, height)
        return height // self.factor, width // self.factor
