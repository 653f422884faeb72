"""Pixels to latents and back, a layer at a time, so that no image makes the others wait for long.

The layers are the autoencoder's own, in its own order: what they add up to is exactly its `encode`
and `decode`.
"""

from collections.abc import Callable, Generator
from typing import cast

import torch
from diffusers import AutoencoderKL, AutoencoderTiny
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from torch import Tensor, nn

from service.pipelines.diffusion.model import Autoencoder, pixels_a_latent

Layer = Callable[[Tensor], Tensor]
TILE = 512  # pixels a side


def encode_image(
    vae: Autoencoder, pixels: Tensor, generator: torch.Generator
) -> Generator[None, None, Tensor]:
    """Pixels [1, 3, height, width] in -1..1 to float32 latents; yields between layers."""
    hidden = yield from _run(encoder_layers(vae), pixels.to(_parameter(vae)))
    if isinstance(vae, AutoencoderKL):
        hidden = DiagonalGaussianDistribution(hidden.float()).sample(generator)
    mean, std = _statistics(vae, hidden)
    latents: Tensor = (hidden.float() - mean) * vae.config["scaling_factor"] / std
    return latents


def decode_latents(vae: Autoencoder, latents: Tensor) -> Generator[None, None, Tensor]:
    """Latents [1, channels, height, width] to float32 pixels around -1..1; yields between layers."""
    pixels = yield from _run(decoder_layers(vae), _to_vae(vae, latents))
    return pixels.float()


def decode_tiled(vae: Autoencoder, latents: Tensor) -> Tensor:
    """As decode_latents, in overlapping tiles: little memory, and seams that hardly show."""
    hidden = _to_vae(vae, latents)
    tiled = vae.tiled_decode(hidden).sample if isinstance(vae, AutoencoderKL) else vae._tiled_decode(hidden)
    pixels: Tensor = tiled.float()
    return pixels


def set_tiles(vae: Autoencoder) -> None:
    """Makes decode_tiled's tiles small: a checkpoint's own can be as large as the whole image."""
    factor = pixels_a_latent(vae)
    vae.tile_latent_min_size = min(vae.tile_latent_min_size, TILE // factor)
    vae.tile_sample_min_size = vae.tile_latent_min_size * factor
    if isinstance(vae, AutoencoderTiny):
        vae.spatial_scale_factor = factor  # diffusers takes 8 for all of them


def encoder_layers(vae: Autoencoder) -> list[Layer]:
    """The layers of `vae.encode`."""
    encoder = vae.encoder
    if isinstance(vae, AutoencoderTiny):
        return [lambda x: x.add(1).div(2), *encoder.layers]
    blocks = [layer for block in encoder.down_blocks for layer in _parts(block, "downsamplers")]
    ends = [encoder.mid_block, encoder.conv_norm_out, encoder.conv_act, encoder.conv_out]
    return [encoder.conv_in, *blocks, _in_one(ends), *_optional(vae.quant_conv)]


def decoder_layers(vae: Autoencoder) -> list[Layer]:
    """The layers of `vae.decode`."""
    decoder = vae.decoder
    if isinstance(vae, AutoencoderTiny):
        return [lambda x: torch.tanh(x / 3) * 3, *decoder.layers, lambda x: x.mul(2).sub(1)]
    blocks = [layer for block in decoder.up_blocks for layer in _parts(block, "upsamplers")]
    begins = [*_optional(vae.post_quant_conv), decoder.conv_in, decoder.mid_block]
    return [_in_one(begins), *blocks, _in_one([decoder.conv_norm_out, decoder.conv_act, decoder.conv_out])]


def _run(layers: list[Layer], hidden: Tensor) -> Generator[None, None, Tensor]:
    for layer in layers[:-1]:
        hidden = layer(hidden)
        yield
    return layers[-1](hidden)


def _parts(block: nn.Module, resamplers: str) -> list[Layer]:
    """The layers of an up or down block: without time embedding, as autoencoders have none."""
    parts = dict(block.named_children())
    resnets = [lambda x, resnet=resnet: resnet(x, None) for resnet in parts["resnets"].children()]
    return [*resnets, *(parts[resamplers].children() if resamplers in parts else ())]


def _in_one(layers: list[Layer]) -> Layer:
    def run(hidden: Tensor) -> Tensor:
        for layer in layers:
            hidden = layer(hidden)
        return hidden

    return run


def _optional(layer: nn.Module | None) -> list[Layer]:
    return [] if layer is None else [layer]


def _to_vae(vae: Autoencoder, latents: Tensor) -> Tensor:
    mean, std = _statistics(vae, latents)
    hidden: Tensor = latents * std / vae.config["scaling_factor"] + mean
    return hidden.to(_parameter(vae))


def _parameter(vae: Autoencoder) -> Tensor:
    """A tensor of the autoencoder's device and type: its own properties look at every layer."""
    return cast(Tensor, next(vae.parameters()))


def _statistics(vae: Autoencoder, like: Tensor) -> tuple[Tensor, Tensor]:
    """The latents' mean and standard deviation a channel, where the checkpoint has them."""
    mean, std = vae.config.get("latents_mean"), vae.config.get("latents_std")
    if mean is None or std is None:
        mean, std = [0.0], [1.0]
    mean, std = torch.tensor([mean, std], device=like.device)[:, None, :, None, None]
    return mean, std
