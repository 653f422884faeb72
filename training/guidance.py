"""Trains the UNet once more, so that the guidance that people ask for is one that suits it.

Guidance (Ho and Salimans, "Classifier-Free Diffusion Guidance", 2022) leads from what nothing asks for to
what a caption asks for, and on: SDXL's default is 7.5 times as far, which stains the pictures of a small
model, and twice as far suits them. So a copy of the UNet learns to do at 7.5 what the UNet does at 2, after
the way in which such scales are distilled (Meng and others, "On Distillation of Guided Diffusion Models",
2023).
"""

from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import mse_loss

from training import denoiser
from training.denoiser import Denoiser
from training.latents import Bucket
from training.lessons import Lessons, Readings
from training.loop import Plan, train
from training.pictures import Album

SEED = 40_001
USUAL, SUITABLE = 7.5, 2.0


def train_guidance(
    work: Path, album: Album, buckets: tuple[Bucket, ...], plan: Plan, device: torch.device
) -> None:
    """Trains what `denoiser` left in `work`, up to the plan's last step."""
    torch.manual_seed(SEED)
    lessons = denoiser.prepare(work, album, buckets, device)
    teacher, student = (Denoiser(denoiser.trained(work), device) for _ in range(2))
    train(student.unet, partial(_step, teacher, student, lessons), plan, work / "guidance", device)


def _step(teacher: Denoiser, student: Denoiser, lessons: Lessons, number: int) -> Tensor:
    """The loss of one step: how far student and teacher are apart, guided and asked for nothing."""
    batch = lessons.sample(SEED + number, dropped=0.0)
    rows = len(batch.times) // 2  # each is asked for twice: a call is as wide as the denoiser's
    nothing = lessons.nothing.some(rows, np.random.default_rng((SEED, number)))
    asked = Readings(
        torch.cat([nothing.tokens, batch.asked.tokens[:rows]]),
        torch.cat([nothing.pooled, batch.asked.pooled[:rows]]),
    )
    noisy, times = batch.noisy[:rows].repeat(2, 1, 1, 1), batch.times[:rows].repeat(2)
    with torch.no_grad():
        known, told = teacher.velocity(batch.bucket, noisy, times, asked).chunk(2)
    plain, captioned = student.velocity(batch.bucket, noisy, times, asked).chunk(2)
    guided = plain + USUAL * (captioned - plain)
    return mse_loss(guided, known + SUITABLE * (told - known)) + mse_loss(plain, known)
