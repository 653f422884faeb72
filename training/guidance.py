"""Trains the UNet once more, so that the guidance that people ask for is one that suits it.

Guidance (Ho and Salimans, "Classifier-Free Diffusion Guidance", 2022) leads from what nothing asks for to
what a caption asks for, and on: SDXL's default is 7.5 times as far, which stains the pictures of a small
model. Here it is the guided velocity, at SCALE, that is compared with the truth. So a scale of 3.75 gives
pictures as they are, and 7.5 goes twice as far.
"""

from functools import partial
from pathlib import Path

import numpy as np
import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from torch import Tensor
from torch.nn.functional import mse_loss

from training import denoiser
from training.denoiser import Denoiser, Lessons, Readings
from training.latents import Bucket
from training.loop import Plan, averaged, train
from training.networks import build_unet
from training.pictures import Album

SEED = 40_001
SCALE = 3.75


def train_guidance(
    work: Path, album: Album, buckets: tuple[Bucket, ...], plan: Plan, device: torch.device
) -> None:
    """Trains what `denoiser` left in `work`, up to the plan's last step."""
    torch.manual_seed(SEED)
    lessons = denoiser.prepare(work, album, buckets, device)
    student = Denoiser(denoiser.trained(work).train(), device)
    train(student.unet, partial(_step, student, lessons), plan, work / "guidance", device)


def trained(work: Path) -> UNet2DConditionModel:
    """As far as it has been trained in `work`."""
    unet = averaged(build_unet(), work / "guidance")
    assert isinstance(unet, UNet2DConditionModel)
    return unet


def _step(student: Denoiser, lessons: Lessons, number: int) -> Tensor:
    """The loss of one step: the squared errors of the velocity without a caption and of the guided one."""
    batch = lessons.sample(SEED + number, dropped=0.0)
    rows = len(batch.times) // 2  # each is asked for twice: a call is as wide as the denoiser's
    nothing = lessons.nothing.some(rows, np.random.default_rng((SEED, number)))
    asked = Readings(
        torch.cat([nothing.tokens, batch.asked.tokens[:rows]]),
        torch.cat([nothing.pooled, batch.asked.pooled[:rows]]),
    )
    noisy, times = batch.noisy[:rows].repeat(2, 1, 1, 1), batch.times[:rows].repeat(2)
    plain, captioned = student.velocity(batch.bucket, noisy, times, asked).chunk(2)
    true = batch.velocity[:rows].to(plain.device)
    guided = plain.detach() + SCALE * (captioned - plain.detach())
    # Divided, so that both errors move the weights alike.
    return mse_loss(plain, true) + mse_loss(guided, true) / SCALE
