"""Checkpoints in SDXL's layout without a download: the real architecture, made-up weights.

`diffusers.StableDiffusionXLPipeline.from_pretrained(folder, use_safetensors=True)` loads them (the
full one with variant="fp16"). What the weights do is said in `benchmarks.checkpoints.weights`.
"""

import json
from pathlib import Path
from typing import Literal

import torch
from diffusers.schedulers.scheduling_euler_discrete import EulerDiscreteScheduler
from torch import nn

from benchmarks.checkpoints.models import Autoencoder, Size, builders
from benchmarks.checkpoints.tokenizer import write_tokenizer
from benchmarks.checkpoints.weights import set_weights
from training.layout import model_index


def write_checkpoint(
    folder: Path,
    size: Size = "tiny",
    autoencoder: Autoencoder = "kl",
    stages: Literal[2, 3] = 3,
    seed: int = 0,
    dtype: torch.dtype | None = None,
) -> None:
    """Writes every part of a pipeline into `folder`: a few MB in a second, or 7 GB for the full size.

    `autoencoder` ("deep" is a tiny one that halves five times, to 16 channels) and `stages` (the
    UNet's resolutions) are choices of the tiny size only. `dtype` is float32 for tiny and float16 for
    full unless given; float16 files carry the variant "fp16". The same seed gives the same weights on
    the same kind of device.
    """
    dtype = dtype or (torch.float16 if size == "full" else torch.float32)
    device = torch.device("cuda" if size == "full" and torch.cuda.is_available() else "cpu")
    random = torch.Generator(device).manual_seed(seed)
    for name, build in builders(size, autoencoder, stages).items():
        with torch.device("meta"):
            model = nn.Module.to(build(), dtype)
        model = model.to_empty(device=device)
        set_weights(model, random)
        model.save_pretrained(folder / name, variant="fp16" if dtype == torch.float16 else None)
    _scheduler().save_pretrained(folder / "scheduler")
    write_tokenizer(folder / "tokenizer", pad_token="<|endoftext|>")
    write_tokenizer(folder / "tokenizer_2", pad_token="!")
    kind = "AutoencoderTiny" if size == "tiny" and autoencoder != "kl" else "AutoencoderKL"
    (folder / "model_index.json").write_text(json.dumps(model_index(kind), indent=2))


def _scheduler() -> EulerDiscreteScheduler:
    """With the configuration of SDXL base 1.0."""
    return EulerDiscreteScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        num_train_timesteps=1000,
        prediction_type="epsilon",
        interpolation_type="linear",
        timestep_spacing="leading",
        use_karras_sigmas=False,
        steps_offset=1,
    )
