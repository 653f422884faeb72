"""Weights that are made up, yet make an SDXL pipeline behave.

Chosen: a straight path of eight channels (the four latent channels and their negatives, so that
silu(x) - silu(-x) = x keeps it linear) runs from the first convolution to the last; with more latent
channels the UNet's is as much wider, and autoencoders use the first four. In the UNet it
predicts as noise what a blur through the lower resolutions takes away from the input, so that
sampling turns noise into soft shapes with a standard deviation of 2 to 5. In the autoencoders it
turns latents into colours of medium contrast, and colours into latents.

Random: everything beside that path. What a layer adds to it is scaled down, so that prompt, time
and seed change the picture without breaking it. Text embeddings are of unit variance, which lets
the cross-attention tell one prompt from another.
"""

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from torch import Tensor, nn

from benchmarks.checkpoints.models import SCALING

RESIDUAL = 0.1  # how much a random layer adds to what it was given
RESIDUAL_ENDS = ("conv2", "conv.4", "to_out.0", "ff.net.2", "proj_out", "out_proj", "fc2")
CONTRAST = 0.5  # of pictures: the standard deviation of a channel, in half its range
LATENT_STD = 2.0  # of encoded pictures
LOG_VARIANCE = -12.0  # of encoded pictures: next to none


def _signs(latents: int) -> Tensor:
    """[2 * latents, latents]: a value and its negative."""
    return torch.cat([torch.eye(latents), -torch.eye(latents)])


SIGNS = _signs(4)
KEEP = torch.eye(8)
COLOURS = torch.tensor(
    [[0.6, 0.4, 0.0, 0.2], [0.6, -0.1, 0.4, -0.2], [0.6, -0.3, -0.4, 0.1]]
)  # [RGB, latent]
LATENTS = torch.linalg.pinv(COLOURS)  # [latent, RGB]


def set_weights(model: nn.Module, random: torch.Generator) -> None:
    """Sets every parameter of a part of the pipeline, in place."""
    with torch.no_grad():
        for name, module in model.named_modules():
            _set_random(module, RESIDUAL if name.endswith(RESIDUAL_ENDS) else 1.0, random)
        if isinstance(model, UNet2DConditionModel):
            _lay_unet(model)
        elif isinstance(model, AutoencoderKL):
            _lay_kl(model)
        elif isinstance(model, AutoencoderTiny):
            _lay_tiny_decoder(_convs(model, "decoder.layers."))
            _lay_tiny_encoder(_convs(model, "encoder.layers."))


def _set_random(module: nn.Module, gain: float, random: torch.Generator) -> None:
    """Keeps the variance of what passes through, times gain squared, and drops its mean."""
    if isinstance(module, nn.Linear | nn.Conv2d):
        module.weight.normal_(0, gain * module.weight[0].numel() ** -0.5, generator=random)
        # What silu gives has a positive mean, which would tint the whole picture.
        module.weight -= module.weight.flatten(1).mean(dim=1).view(-1, *[1] * (module.weight.dim() - 1))
        if module.bias is not None:
            module.bias.zero_()
    elif isinstance(module, nn.Embedding):
        module.weight.normal_(0, 1, generator=random)
    elif isinstance(module, nn.LayerNorm | nn.GroupNorm):
        module.weight.fill_(1)
        module.bias.zero_()


def _lay(conv: nn.Conv2d, matrix: Tensor, *, blur: bool = False, bias: Tensor | float = 0.0) -> None:
    """Makes a convolution's first outputs a matrix [outputs, inputs] times its first inputs."""
    size = conv.kernel_size[0]
    line = torch.tensor([0.25, 0.5, 0.25]) if blur else torch.eye(size)[size // 2]
    rows, columns = matrix.shape
    conv.weight[:rows] = 0
    conv.weight[:rows, :columns] = (matrix[:, :, None, None] * torch.outer(line, line)).to(conv.weight)
    if conv.bias is not None:
        conv.bias[:rows] = torch.as_tensor(bias).to(conv.bias)


def _convs(model: nn.Module, prefix: str = "") -> dict[str, nn.Conv2d]:
    modules = model.named_modules()
    return {name: module for name, module in modules if isinstance(module, nn.Conv2d) and prefix in name}


def _lay_through_resolutions(convs: dict[str, nn.Conv2d], keep: Tensor = KEEP) -> None:
    for name, conv in convs.items():
        if name.endswith(("conv_shortcut", "samplers.0.conv")):
            _lay(conv, keep, blur="samplers" in name)


def _lay_unet(unet: nn.Module) -> None:
    convs = _convs(unet)
    signs = _signs(convs["conv_in"].in_channels)
    keep = torch.eye(len(signs))
    _lay(convs["conv_in"], signs)
    _lay_through_resolutions(convs, keep)
    _lay_joins([conv for name, conv in convs.items() if "up_blocks" in name and "shortcut" in name], keep)
    _lay(convs["conv_out"], signs.T)


def _lay_joins(shortcuts: list[nn.Conv2d], keep: Tensor) -> None:
    """Where what comes from below meets what was kept on the way down: a mean, at last a difference."""
    below = shortcuts[0].out_channels
    for shortcut in shortcuts:
        weights = (-1.0, 1.0) if shortcut is shortcuts[-1] else (0.5, 0.5)
        between = torch.zeros(len(keep), below - len(keep))
        _lay(shortcut, torch.cat([weights[0] * keep, between, weights[1] * keep], dim=1))
        below = shortcut.out_channels


def _lay_kl(vae: nn.Module) -> None:
    convs = _convs(vae)
    _lay_through_resolutions(convs)
    encoded = torch.cat([LATENT_STD / SCALING * SIGNS.T, torch.zeros(4, 8)])
    _lay(convs["encoder.conv_in"], LATENT_STD / CONTRAST * SIGNS @ LATENTS)
    _lay(convs["encoder.conv_out"], encoded, bias=torch.tensor([0.0] * 4 + [LOG_VARIANCE] * 4))
    _lay(convs["quant_conv"], KEEP)
    _lay(convs["post_quant_conv"], torch.eye(4))
    _lay(convs["decoder.conv_in"], SCALING * SIGNS)
    _lay(convs["decoder.conv_out"], CONTRAST * COLOURS @ SIGNS.T)


def _lay_tiny_decoder(convs: dict[str, nn.Conv2d]) -> None:
    """Latents of standard deviation 2 to pictures from 0 to 1."""
    first, *between, last = [conv for name, conv in convs.items() if ".conv." not in name]
    _lay(first, SIGNS)
    for conv in between:
        _lay(conv, KEEP, blur=True)
    _lay(last, CONTRAST / LATENT_STD / 2 * COLOURS @ SIGNS.T, bias=0.5)


def _lay_tiny_encoder(convs: dict[str, nn.Conv2d]) -> None:
    """The way back."""
    first, *between, last = [conv for name, conv in convs.items() if ".conv." not in name]
    matrix = 2 * LATENT_STD / CONTRAST * SIGNS @ LATENTS
    _lay(first, matrix, bias=-matrix.sum(dim=1) / 2)
    for conv in between:
        _lay(conv, KEEP, blur=True)
    _lay(last, SIGNS.T)
