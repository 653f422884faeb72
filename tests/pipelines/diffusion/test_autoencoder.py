"""Pixels to latents and back in pieces: what diffusers' autoencoders do at once."""

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Literal

import pytest
import torch
from torch import Tensor

from benchmarks.checkpoints import write_checkpoint
from service.pipelines.diffusion.autoencoder import decode_latents, decode_tiled, encode_image, set_tiles
from service.pipelines.diffusion.model import Autoencoder, pixels_a_latent
from tests.pipelines.diffusion.stock import Stock

SIZES = [(8, 8), (8, 16), (17, 25)]  # latents


@pytest.fixture(scope="module", params=["kl", "tiny", "deep"])
def vae(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Autoencoder:
    folder: Path = tmp_path_factory.mktemp("autoencoder")
    kind: Literal["kl", "tiny", "deep"] = request.param
    write_checkpoint(folder, autoencoder=kind)
    vae: Autoencoder = Stock(folder).pipe.vae
    set_tiles(vae)
    return vae


@pytest.fixture(autouse=True)
def _no_gradients() -> Iterator[None]:
    with torch.inference_mode():
        yield


def random_image(height: int, width: int) -> Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(1)) * 2 - 1


def random_latents(vae: Autoencoder, height: int, width: int) -> Tensor:
    channels = vae.config["latent_channels"]
    return 2 * torch.randn(1, channels, height, width, generator=torch.Generator().manual_seed(2))


def in_pieces(work: Generator[None, None, Tensor]) -> tuple[Tensor, int]:
    """What the pieces come to, and how many there were."""
    pieces = 1
    while True:
        try:
            next(work)
        except StopIteration as end:
            result: Tensor = end.value
            return result, pieces
        pieces += 1


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_decoding_in_pieces_is_decoding_to_the_last_bit(vae: Autoencoder, height: int, width: int) -> None:
    latents = random_latents(vae, height, width)
    ours, pieces = in_pieces(decode_latents(vae, latents))
    assert torch.equal(ours, vae.decode(latents / vae.config.scaling_factor).sample)
    assert pieces > 5


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_encoding_in_pieces_is_encoding_to_the_last_bit(vae: Autoencoder, height: int, width: int) -> None:
    factor = pixels_a_latent(vae)
    image = random_image(height * factor, width * factor)
    ours, pieces = in_pieces(encode_image(vae, image, torch.Generator().manual_seed(3)))
    encoded = vae.encode(image)
    if hasattr(encoded, "latent_dist"):
        latents = encoded.latent_dist.sample(torch.Generator().manual_seed(3))
    else:
        latents = encoded.latents
    assert torch.equal(ours, latents * vae.config.scaling_factor)
    assert pieces > 5


def test_decoding_in_tiles_is_near_to_decoding_at_once(
    vae: Autoencoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vae, "tile_latent_min_size", 16)
    monkeypatch.setattr(vae, "tile_sample_min_size", 16 * pixels_a_latent(vae))
    latents = random_latents(vae, 32, 40)
    whole, _ = in_pieces(decode_latents(vae, latents))
    tiled = decode_tiled(vae, latents)
    assert tiled.shape == whole.shape
    assert 0 < (tiled - whole).abs().mean() < 0.1 * whole.std()


def test_a_tile_is_of_512_pixels_at_most_whatever_the_factor(vae: Autoencoder) -> None:
    assert vae.tile_sample_min_size == 512 == vae.tile_latent_min_size * pixels_a_latent(vae)


def test_an_image_of_one_tile_is_decoded_in_tiles_as_at_once(vae: Autoencoder) -> None:
    latents = random_latents(vae, 8, 12)
    whole, _ = in_pieces(decode_latents(vae, latents))
    assert (decode_tiled(vae, latents) - whole).abs().max() < 1e-5
