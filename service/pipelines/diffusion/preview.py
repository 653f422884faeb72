"""What an image will look like, from its latents alone: a linear map that is fitted to the autoencoder."""

from collections.abc import Generator
from typing import cast

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from service.engine.events import Pixels
from service.pipelines.diffusion.autoencoder import decode_latents, encode_image
from service.pipelines.diffusion.model import DiffusionModel

SAMPLES = 8
SIDE = 16  # latents a side of each sample


class Preview:
    """Latents to a picture of one pixel a latent, by `weights` [channels + 1, 3]."""

    def __init__(self, weights: Tensor) -> None:
        self._weights = weights

    @classmethod
    def fit(cls, model: DiffusionModel) -> "Preview":
        """Fits the map by least squares to what the autoencoder makes of colour fields, there and back."""
        generator = torch.Generator().manual_seed(0)
        latents, colours = [], []
        for _ in range(SAMPLES):
            pixels = _colour_field(SIDE * model.factor, generator)
            encoded = _result(encode_image(model.vae, pixels, generator))
            decoded = _result(decode_latents(model.vae, encoded))
            latents.append(_rows(encoded.cpu()))
            colours.append(_rows(avg_pool2d(decoded.cpu(), model.factor)))
        inputs = _with_bias(torch.cat(latents))
        return cls(torch.linalg.lstsq(inputs, torch.cat(colours), driver="gelsd").solution)

    def paint(self, latents: Tensor) -> Pixels:
        """The picture of latents [channels, h, w]."""
        height, width = latents.shape[-2:]
        colours = _with_bias(_rows(latents[None].float().cpu())) @ self._weights
        return to_pixels(colours.T.view(3, height, width))


def to_pixels(image: Tensor, width: int | None = None, height: int | None = None) -> Pixels:
    """8-bit RGB of an image [3, h, w] in -1..1, cut to `width` and `height`."""
    image = image[:, :height, :width]
    values = ((image / 2 + 0.5).clamp(0, 1) * 255).round().nan_to_num().byte()
    data = values.permute(1, 2, 0).contiguous().cpu().numpy().tobytes()
    return Pixels(image.shape[2], image.shape[1], data)


def _colour_field(side: int, generator: torch.Generator) -> Tensor:
    """[1, 3, side, side] in -1..1: soft colours with hard-edged patches of other ones."""
    soft, hard = (torch.rand(1, 3, 4, 4, generator=generator) * 2 - 1 for _ in range(2))
    patches = interpolate((torch.rand(1, 1, 8, 8, generator=generator) < 0.3).float(), size=(side, side))
    smooth = interpolate(soft, size=(side, side), mode="bilinear", align_corners=False)
    return torch.lerp(smooth, interpolate(hard, size=(side, side)), patches)


def _rows(image: Tensor) -> Tensor:
    return image[0].flatten(1).T


def _with_bias(rows: Tensor) -> Tensor:
    return torch.cat([rows, torch.ones(len(rows), 1)], 1)


def _result(work: Generator[None, None, Tensor]) -> Tensor:
    """What work in pieces comes to, done at once."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return cast(Tensor, end.value)
