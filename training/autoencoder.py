"""Trains the autoencoder: pictures to latents of a thirty-second of their size, and back.

`AutoencoderTiny` has no normalisation, which would wipe out flat colours, and six stages: 1024 x 1024
pixels are 32 x 32 latents, few enough for two CPU cores. What latents are is given (components.py): the
encoder, without blocks a linear map, only learns to compute them; the decoder learns what they leave out.
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

from training.components import CHANNELS, Components
from training.crops import SEED
from training.loop import Plan, averaged, train

WIDTH = 48
NOISE = 0.03  # on the latents, so that the decoder forgives what denoising leaves
BATCH = 16


def build() -> AutoencoderTiny:
    """Untrained, 1.7 million parameters; what works at full size is kept small, for the time it takes."""
    return AutoencoderTiny(
        encoder_block_out_channels=(WIDTH,) * 6,
        decoder_block_out_channels=(WIDTH,) * 6,
        num_encoder_blocks=(0,) * 6,
        num_decoder_blocks=(8, 6, 4, 3, 2, 0),
        latent_channels=CHANNELS,
    )


@torch.no_grad()
def _start(model: AutoencoderTiny, components: Components) -> None:
    """Starts the decoder as a blur of colours; without normalisation the usual start takes hours.

    Red, green and blue and their negatives (what a ReLU would lose) have six channels for themselves.
    Residual branches begin at zero, and the convolutions between resolutions as a blur of each
    channel, those of the other channels with some randomness.
    """
    for module in model.encoder.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="linear")
    for module in model.decoder.modules():
        if isinstance(module, AutoencoderTinyBlock):
            for convolution in (module.conv[0], module.conv[2], module.conv[4]):
                nn.init.kaiming_normal_(convolution.weight)
                nn.init.zeros_(convolution.bias)
            nn.init.zeros_(module.conv[4].weight)
        elif isinstance(module, nn.Conv2d) and module.bias is None:
            _start_as_blur(module.weight)
    _carry_colours(model.decoder.layers[0], model.decoder.layers[-1], components)


def _carry_colours(first: nn.Conv2d, last: nn.Conv2d, components: Components) -> None:
    """Sets the decoder's first and last convolutions."""
    for convolution, channels in ((first, 6), (last, 3)):
        nn.init.kaiming_normal_(convolution.weight)
        convolution.weight[:channels] = 0
    first_bias, last_bias = torch.zeros(WIDTH), torch.full((3,), 0.5)  # colours leave from 0 to 1
    mean, of_latents = components.colours()
    for colour in range(3):
        for sign, channel in ((1.0, 2 * colour), (-1.0, 2 * colour + 1)):
            first.weight[channel, :, 1, 1] = sign * of_latents[colour]
            first_bias[channel] = sign * mean[colour]
            last.weight[colour, channel, 1, 1] = sign / 2  # and are carried from -1 to 1
    first.bias, last.bias = nn.Parameter(first_bias), nn.Parameter(last_bias)


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


def train_autoencoder(
    work: Path, crops: NDArray[np.uint8], components: Components, plan: Plan, device: torch.device
) -> None:
    """Trains on `crops` [n, 128, 128, 3] up to the plan's last step; `work` keeps the state."""
    torch.manual_seed(SEED)
    model = build()
    _start(model, components)
    model.to(device, memory_format=torch.channels_last)
    train(model, partial(_step, model, crops, components, device), plan, work / "autoencoder", device)


def _step(
    model: AutoencoderTiny,
    crops: NDArray[np.uint8],
    components: Components,
    device: torch.device,
    number: int,
) -> Tensor:
    random = np.random.default_rng((SEED, number))
    chosen = crops[random.integers(len(crops), size=BATCH)]
    if random.uniform() < 0.5:
        chosen = chosen[:, :, ::-1]
    pixels = torch.from_numpy(np.ascontiguousarray(chosen)).to(device).permute(0, 3, 1, 2).float() / 127.5 - 1
    latents = components.of(chosen).to(device)
    noise = torch.randn(latents.shape, generator=_generator(number)).to(device)
    with torch.autocast(device.type, torch.bfloat16):
        found = model.encoder(pixels)
        restored = model.decoder(latents + NOISE * noise)
    return _difference(restored.float(), pixels) + functional.mse_loss(found.float(), latents)


def _generator(number: int) -> torch.Generator:
    return torch.Generator().manual_seed(SEED + number)


def _difference(restored: Tensor, pixels: Tensor) -> Tensor:
    """L1 on colours, fine and coarse, and on steps between neighbours, which keeps outlines sharp."""
    error = restored - pixels
    loss = error.abs().mean() + functional.avg_pool2d(error, 8).abs().mean()
    for scale in (1, 2):
        part = functional.avg_pool2d(error, scale) if scale > 1 else error
        steps = part.diff(dim=-1).abs().mean() + part.diff(dim=-2).abs().mean()
        loss = loss + 0.5 * steps
    return loss
