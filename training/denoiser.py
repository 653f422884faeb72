"""Trains the UNet to take noise from latents, as captions ask, which the text encoders read before."""

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from diffusers.models.attention_processor import AttnProcessor
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel, UNet2DConditionOutput
from torch import Tensor
from torch.nn.functional import mse_loss
from tqdm import tqdm

from training import reading
from training.captions import NOTHING, caption
from training.latents import SEED, Bucket, Latents, load_latents, scale_of
from training.lessons import Lessons, Readings
from training.loop import Plan, averaged, train
from training.networks import Prompts, build_scheduler, build_unet
from training.pictures import Album

READ_AT_ONCE = 100
COMPILED_FROM = 0.1  # the share from which a bucket is worth the minutes that compiling for its shape takes
CAN_COMPILE = shutil.which("c++") is not None


class Denoiser:
    """A UNet in training, compiled for the buckets that pay for it."""

    def __init__(self, unet: UNet2DConditionModel, device: torch.device) -> None:
        # Fused attention goes back slowly over so few tokens.
        unet.set_attn_processor(AttnProcessor())
        self.unet = unet.to(device, memory_format=torch.channels_last)
        self._compiled: Callable[..., UNet2DConditionOutput] = torch.compile(unet.forward, dynamic=False)
        self._device = device

    def velocity(self, bucket: Bucket, noisy: Tensor, times: Tensor, asked: Readings) -> Tensor:
        """The predicted velocity of noisy latents [n, 32, h, w] of a bucket, at times [n]."""
        width, height = bucket.size
        # As SDXL is told of sizes: original height and width, crop from the top and left, target size.
        size = torch.tensor([[height, width, 0, 0, height, width]] * len(noisy), dtype=torch.float32)
        condition = {"text_embeds": asked.pooled.to(self._device), "time_ids": size.to(self._device)}
        forward = self._compiled if CAN_COMPILE and bucket.share >= COMPILED_FROM else self.unet
        noisy = noisy.to(self._device, memory_format=torch.channels_last)
        with torch.autocast(self._device.type, torch.bfloat16):
            tokens = asked.tokens.to(self._device)
            found: Tensor = forward(noisy, times.to(self._device), tokens, added_cond_kwargs=condition).sample
        return found.float()


def train_denoiser(
    work: Path, album: Album, buckets: tuple[Bucket, ...], plan: Plan, device: torch.device
) -> None:
    """Trains on the latents in `work` up to the plan's last step."""
    torch.manual_seed(SEED)
    lessons = prepare(work, album, buckets, device)
    denoiser = Denoiser(build_unet(), device)
    train(denoiser.unet, partial(_step, denoiser, lessons), plan, work / "denoiser", device)


def prepare(work: Path, album: Album, buckets: tuple[Bucket, ...], device: torch.device) -> Lessons:
    """Lessons from the latents in `work`: their captions, read by the text encoders there."""
    latents = load_latents(work, buckets)
    prompts = reading.trained(work).to(device)
    asked = [_read(prompts, _captions(album, part), device) for part in latents]
    kept = build_scheduler().alphas_cumprod
    return Lessons(latents, asked, _read_nothing(prompts, device), scale_of(latents), kept)


def trained(work: Path, step: str = "denoiser") -> UNet2DConditionModel:
    """As far as a step, this one or "guidance", has trained it in `work`."""
    unet = averaged(build_unet(), work / step)
    assert isinstance(unet, UNet2DConditionModel)
    return unet


def _captions(album: Album, latents: Latents) -> list[str]:
    """One for each picture, always the same: reading it anew would make every step longer."""
    found = []
    for number in latents.numbers:
        what = album.entry(SEED, int(number))
        random = np.random.default_rng((SEED, int(number), 2))
        found.append(caption(what.scene, what.style, random, wish=what.wish))
    return found


@torch.no_grad()
def _read(prompts: Prompts, captions: list[str], device: torch.device) -> Readings:
    parts = []
    for start in tqdm(range(0, len(captions), READ_AT_ONCE), desc="captions", leave=False):
        with torch.autocast(device.type, torch.bfloat16):
            parts.append(prompts(captions[start : start + READ_AT_ONCE]))
    tokens, pooled = (
        torch.cat([part.bfloat16().cpu() for part in kind]) for kind in zip(*parts, strict=True)
    )
    return Readings(tokens, pooled)


def _read_nothing(prompts: Prompts, device: torch.device) -> Readings:
    """Of prompts that ask for nothing, and zeros, which the pipeline takes where none is given.

    (SDXL's `force_zeros_for_empty_prompt`.)
    """
    found = _read(prompts, list(NOTHING), device)
    zeros = [torch.zeros_like(part[: len(part) // 2]) for part in (found.tokens, found.pooled)]
    return Readings(torch.cat([zeros[0], found.tokens]), torch.cat([zeros[1], found.pooled]))


def _step(denoiser: Denoiser, lessons: Lessons, number: int) -> Tensor:
    """The loss of one step: the squared error of the velocity."""
    batch = lessons.sample(number)
    velocity = denoiser.velocity(batch.bucket, batch.noisy, batch.times, batch.asked)
    return mse_loss(velocity, batch.velocity.to(velocity.device))
