"""prepare_latents: where each image starts, and the noise that frames differ by."""

import math
from collections.abc import Generator, Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

from service.engine.params import Edit, ImageParams
from service.pipelines.diffusion.autoencoder import encode_image
from service.pipelines.diffusion.model import DiffusionModel, NoiseScheduler
from service.pipelines.diffusion.painting import Guide, Kept, Painting

# The angle between the noise of neighbouring frames at motion 1, in radians.
LIVELY = 0.5
SECOND = 0x9E3779B9  # makes the seed of the path's second noise; torch uses the low 32 bits alone


def make_schedule(model: DiffusionModel, params: ImageParams) -> tuple[NoiseScheduler, Tensor]:
    """A noise scheduler of the request's own and the timesteps it runs, an edit's only the last ones."""
    scheduler = model.noise_scheduler()
    scheduler.set_timesteps(params.num_inference_steps)
    first = (params.num_inference_steps - params.steps_to_run) * scheduler.order
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(first)
    return scheduler, scheduler.timesteps[first:]


def prepare_frames(
    model: DiffusionModel, params: ImageParams, guide: Guide, frames: Sequence[int]
) -> Painting:
    """Frames from noise on a path: frame 0 has the seed's noise, each next one is a turn away from it.

    The path is a great circle through the seed's noise and a second one, so every frame's noise is
    as normal as the first and as near to its neighbours. It takes the place of the warped latents
    of Text2Video-Zero (arXiv:2303.13439).
    """
    generator = torch.Generator().manual_seed(params.seed)
    noise = _noise(model, params, generator)
    if any(frames):
        other = _noise(model, params, torch.Generator().manual_seed(params.seed ^ SECOND))
        turn = params.motion * LIVELY
        noise = torch.cat([noise * math.cos(k * turn) + other * math.sin(k * turn) for k in frames])
    scheduler, timesteps = make_schedule(model, params)
    generators = [_copy(generator) for _ in frames]
    latents = noise.to(model.device) * scheduler.init_noise_sigma
    return Painting(guide, scheduler, timesteps, latents, generators)


def prepare_edit(
    model: DiffusionModel, params: ImageParams, guide: Guide, edit: Edit
) -> Generator[None, None, Painting]:
    """An image that starts from another one, noised as far as `strength` says; yields between layers.

    Image to image after SDEdit (Meng et al. 2021, arXiv:2108.01073). With a mask, what it leaves
    out is put back after each step.
    """
    generator = torch.Generator().manual_seed(params.seed)
    width, height = model.padded(params.width, params.height)
    clean = yield from encode_image(model.vae, _pixels(edit.image, width, height), generator)
    noise = _noise(model, params, generator).to(clean.device)
    scheduler, timesteps = make_schedule(model, params)
    kept = None if edit.mask is None else Kept(clean, noise, _mask(edit.mask, width, height, clean))
    if kept is not None and edit.strength == 1:
        latents = noise * scheduler.init_noise_sigma
    else:
        latents = scheduler.add_noise(clean, noise, timesteps[:1])
    return Painting(guide, scheduler, timesteps, latents, [generator], kept)


def _noise(model: DiffusionModel, params: ImageParams, generator: torch.Generator) -> Tensor:
    # In float32 on the CPU whatever the model is: a seed paints the same scene everywhere.
    shape = model.latent_shape(params.width, params.height)
    return torch.randn(1, model.latent_channels, *shape, generator=generator)


def _copy(generator: torch.Generator) -> torch.Generator:
    return torch.Generator().set_state(generator.get_state())


def _pixels(image: Image.Image, width: int, height: int) -> Tensor:
    """[1, 3, height, width] in -1..1, the image's edges repeated where it is smaller."""
    pixels = torch.from_numpy(_padded(image, width, height)).permute(2, 0, 1)[None]
    return pixels.float() / 255 * 2 - 1


def _mask(mask: Image.Image, width: int, height: int, like: Tensor) -> Tensor:
    whole = torch.from_numpy(_padded(mask, width, height))[None, None].float() / 255
    return interpolate(whole, size=like.shape[-2:]).to(like.device)


def _padded(image: Image.Image, width: int, height: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    pixels = np.asarray(image)
    margins = [(0, height - image.height), (0, width - image.width), (0, 0)][: pixels.ndim]
    return np.pad(pixels, margins, mode="edge")
