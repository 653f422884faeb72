"""Trains the autoencoder: pictures to latents of a thirty-second of their size, and back.

`AutoencoderTiny` has no normalisation, which would wipe out flat colours, and six stages: 1024 x 1024
pixels are 32 x 32 latents, few enough for two CPU cores.
"""

from functools import partial
from pathlib import Path

import numpy as np
import torch
from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny
from diffusers.models.autoencoders.vae import AutoencoderTinyBlock
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from training.crops import SEED, make_crops
from training.loop import Plan, averaged, train
from training.pictures import Album

WIDTH, CHANNELS = 48, 24
NOISE = 0.1  # on the latents, so that the decoder forgives what denoising leaves
BATCH = 16


def build() -> AutoencoderTiny:
    """Untrained, 2 million parameters; what works at full size is kept small, for the time it takes."""
    model = AutoencoderTiny(
        encoder_block_out_channels=(WIDTH,) * 6,
        decoder_block_out_channels=(WIDTH,) * 6,
        num_encoder_blocks=(0, 0, 2, 3, 4, 4),
        num_decoder_blocks=(5, 4, 3, 2, 2, 0),
        latent_channels=CHANNELS,
    )
    _open_paths(model)
    return model


@torch.no_grad()
def _open_paths(model: AutoencoderTiny) -> None:
    """Starts it as a blur that keeps colours; without normalisation the usual start takes hours.

    Red, green and blue and their negatives (what a ReLU would lose) have six channels for themselves,
    and each a latent. Residual branches begin near zero, and the convolutions between resolutions as
    a blur of each channel, those of the other channels with some randomness.
    """
    for module in model.modules():
        if isinstance(module, AutoencoderTinyBlock):
            for convolution, gain in zip(
                (module.conv[0], module.conv[2], module.conv[4]), (1, 1, 0.1), strict=True
            ):
                nn.init.kaiming_normal_(convolution.weight)
                convolution.weight.mul_(gain)
                nn.init.zeros_(convolution.bias)
        elif isinstance(module, nn.Conv2d) and module.bias is None:
            _start_as_blur(module.weight)
    ends = [part for coder in (model.encoder, model.decoder) for part in (coder.layers[0], coder.layers[-1])]
    _carry_colours(ends)


def _carry_colours(ends: list[nn.Conv2d]) -> None:
    """Sets the first and last convolutions of encoder and decoder."""
    for convolution in ends:
        nn.init.kaiming_normal_(convolution.weight)
        convolution.bias = nn.Parameter(torch.zeros(convolution.out_channels))
    # Colours come from 0 to 1 and go as such, and are carried from -1 to 1.
    ends[0].bias = nn.Parameter(torch.tensor([-1.0, 1.0] * 3 + [0.0] * (WIDTH - 6)))
    ends[3].bias = nn.Parameter(torch.full((3,), 0.5))
    first, to_latents, from_latents, last = ends
    for convolution, channels in ((first, 6), (to_latents, 3), (from_latents, 6), (last, 3)):
        convolution.weight[:channels] = 0
    for colour in range(3):
        for sign, channel in ((1.0, 2 * colour), (-1.0, 2 * colour + 1)):
            first.weight[channel, colour, 1, 1] = 2 * sign
            to_latents.weight[colour, channel, 1, 1] = sign
            from_latents.weight[channel, colour, 1, 1] = sign
            last.weight[colour, channel, 1, 1] = sign / 2


def _start_as_blur(weight: Tensor) -> None:
    """[channels, channels, 3, 3], in place; the six channels of colours get nothing else."""
    nn.init.kaiming_normal_(weight)
    weight.mul_(0.5)
    weight[:6] = 0
    tent = torch.tensor([1.0, 2.0, 1.0])
    for channel in range(len(weight)):
        weight[channel, channel] += tent[:, None] * tent / 16


def trained(work: Path) -> AutoencoderTiny:
    """As far as it has been trained in `work`."""
    model = averaged(build(), work / "autoencoder")
    assert isinstance(model, AutoencoderTiny)
    return model


def train_autoencoder(work: Path, album: Album, plan: Plan, device: torch.device, pool: int) -> None:
    """Trains on `pool` crops of the album up to the plan's last step; `work` keeps crops and state."""
    torch.manual_seed(SEED)
    crops = make_crops(work, album, pool)
    model = build().to(device, memory_format=torch.channels_last)
    train(model, partial(_step, model, crops, device), plan, work / "autoencoder", device)


def _step(model: AutoencoderTiny, crops: NDArray[np.uint8], device: torch.device, number: int) -> Tensor:
    random = np.random.default_rng((SEED, number))
    chosen = torch.from_numpy(crops[random.integers(len(crops), size=BATCH)]).to(device)
    if random.uniform() < 0.5:
        chosen = chosen.flip(2)
    pixels = chosen.permute(0, 3, 1, 2).float() / 127.5 - 1
    with torch.autocast(device.type, torch.bfloat16):
        latents = model.encoder(pixels)
        noisy = latents + NOISE * torch.randn(latents.shape, generator=_generator(number)).to(device)
        restored = model.decoder(noisy)
    return _difference(restored.float(), pixels) + 0.05 * _unevenness(latents.float())


def _generator(number: int) -> torch.Generator:
    return torch.Generator().manual_seed(SEED + number)


def _unevenness(latents: Tensor) -> Tensor:
    """How far each channel is from mean 0 and deviation 1, which is what denoising expects."""
    variance, mean = torch.var_mean(latents, dim=(0, 2, 3))
    deviation = (variance + 1e-6).sqrt()  # a root has no slope at 0, where a dead channel is
    return (mean.square() + (deviation - 1).square()).mean()


def _difference(restored: Tensor, pixels: Tensor) -> Tensor:
    """L1 on colours, fine and coarse, and on steps between neighbours, which keeps outlines sharp."""
    error = restored - pixels
    loss = error.abs().mean() + functional.avg_pool2d(error, 8).abs().mean()
    for scale in (1, 2):
        part = functional.avg_pool2d(error, scale) if scale > 1 else error
        steps = part.diff(dim=-1).abs().mean() + part.diff(dim=-2).abs().mean()
        loss = loss + 0.5 * steps
    return loss
