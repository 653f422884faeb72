"""Trains the text encoders and the UNet together to take noise from latents."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from diffusers.models.attention_processor import AttnProcessor
from diffusers.models.unets.unet_2d_condition import UNet2DConditionOutput
from torch import Tensor, nn

from training import reading
from training.captions import caption, nothing
from training.latents import SEED, Bucket, Latents, load_latents
from training.loop import Plan, averaged, train
from training.networks import Prompts, build_scheduler, build_unet
from training.pictures import Album

DROPPED = 0.12  # of the captions, so that guidance has something to lead away from
COMPILED_FROM = 0.2  # the share from which a bucket is worth the minutes that compiling for its shape takes
CAN_COMPILE = shutil.which("c++") is not None


class Denoiser(nn.Module):
    """What is trained: prompts in, and the velocity of noisy latents."""

    def __init__(self, tokenizers: Path) -> None:
        """`tokenizers` is the folder with tokenizer/ and tokenizer_2/."""
        super().__init__()
        self.prompts = Prompts(tokenizers)
        self.unet = build_unet()
        # Fused attention goes back slowly over so few tokens.
        self.unet.set_attn_processor(AttnProcessor())
        self._compiled: Callable[..., UNet2DConditionOutput] = torch.compile(self.unet.forward, dynamic=False)

    def forward(
        self, noisy: Tensor, times: Tensor, prompts: list[str | None], size: Tensor, fast: bool = False
    ) -> Tensor:
        """The velocity, shaped as `noisy` [n, 24, h, w]; None among the prompts stands for zeros.

        `size` [n, 6] is SDXL's: original height and width, crop from the top and left, target height
        and width, pixels. `fast` compiles the UNet for the shape.
        """
        tokens, pooled = self.prompts([prompt or "" for prompt in prompts])
        # As the pipeline does without a negative prompt (force_zeros_for_empty_prompt).
        asked = torch.tensor([prompt is not None for prompt in prompts], device=noisy.device)
        tokens, pooled = tokens * asked[:, None, None], pooled * asked[:, None]
        if fast:  # with and without gradients for it, the UNet would be compiled twice
            tokens, pooled = tokens.requires_grad_(), pooled.requires_grad_()
        condition = {"text_embeds": pooled, "time_ids": size}
        unet = self._compiled if fast else self.unet
        velocity: Tensor = unet(noisy, times, tokens, added_cond_kwargs=condition).sample
        return velocity


def trained(work: Path) -> Denoiser:
    """As far as it has been trained in `work`."""
    model = averaged(Denoiser(work / "model"), work / "denoiser")
    assert isinstance(model, Denoiser)
    return model


def scale_of(latents: list[Latents]) -> float:
    """What latents are multiplied with to have a deviation of 1, as `scaling_factor` in the checkpoint."""
    return 1.0 / float(np.mean([part.values[:1000].float().std() for part in latents]))


@dataclass(frozen=True, slots=True)
class Lessons:
    """What steps are made of. `kept` [1000]: how much of a picture's variance is left at each time."""

    album: Album
    latents: list[Latents]
    scale: float
    kept: Tensor

    def sample(self, number: int) -> tuple[Bucket, Tensor, list[str | None], Tensor, Tensor]:
        """Step `number`'s bucket, clean latents [n, 24, h, w], prompts, noise like them and times [n]."""
        random = np.random.default_rng((SEED, number))
        shares = np.array([part.bucket.share for part in self.latents])
        part = self.latents[int(random.choice(len(self.latents), p=shares / shares.sum()))]
        rows = random.integers(len(part.numbers), size=part.bucket.batch)
        clean = part.values[rows].float() * self.scale
        prompts = [_prompt(self.album, int(part.numbers[row]), random) for row in rows]
        generator = torch.Generator().manual_seed(SEED + number)
        noise = torch.randn(clean.shape, generator=generator)
        # Noisy times more often: there it is decided what the picture shows, and where.
        times = (torch.rand(len(rows), generator=generator).sqrt() * len(self.kept)).long()
        return part.bucket, clean, prompts, noise, times


def train_denoiser(
    work: Path, album: Album, buckets: tuple[Bucket, ...], plan: Plan, device: torch.device, joint: int
) -> None:
    """Trains on the latents in `work` up to the plan's last step.

    The text encoders learn with the UNet in the first `joint` steps and then rest, which makes a step
    cheaper. At rest from the first step on, they leave the UNet behind.
    """
    torch.manual_seed(SEED)
    latents = load_latents(work, buckets)
    lessons = Lessons(album, latents, scale_of(latents), build_scheduler().alphas_cumprod)
    model = Denoiser(work / "model")
    model.prompts.load_state_dict(reading.trained(work, album).state_dict())
    model.to(device).unet.to(memory_format=torch.channels_last)
    train(model, partial(_step, model, lessons, device, joint), plan, work / "denoiser", device)


def _step(model: Denoiser, lessons: Lessons, device: torch.device, joint: int, number: int) -> Tensor:
    """The loss of one step."""
    model.prompts.requires_grad_(number < joint)
    bucket, clean, prompts, noise, times = lessons.sample(number)
    kept = lessons.kept[times][:, None, None, None]
    signal, rest = kept.sqrt(), (1 - kept).sqrt()
    noisy = (signal * clean + rest * noise).to(device, memory_format=torch.channels_last)
    target = (signal * noise - rest * clean).to(device)
    width, height = bucket.size
    size = torch.tensor([[height, width, 0, 0, height, width]] * len(prompts), dtype=torch.float32)
    fast = CAN_COMPILE and bucket.share >= COMPILED_FROM
    with torch.autocast(device.type, torch.bfloat16):
        velocity = model(noisy, times.to(device), prompts, size.to(device), fast)
    loss: Tensor = (velocity.float() - target).square().mean()
    return loss


def _prompt(album: Album, number: int, random: np.random.Generator) -> str | None:
    if random.uniform() < DROPPED:
        return None if random.uniform() < 0.3 else nothing(random)
    what = album.entry(SEED, number)
    return caption(what.scene, what.style, random)
