"""Sizes of any autoencoder: here a latent is 32 x 32 pixels, and sizes between are painted rounded up."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch
from PIL import Image

from service.engine.messages import EngineSpec
from service.engine.params import Edit, ImageParams
from service.pipelines.diffusion.loading import load_model
from service.pipelines.diffusion.model import DiffusionModel
from service.pipelines.diffusion.preview import Preview
from tests.pipelines.diffusion.asking import edit, half_mask, masked, params, photo
from tests.pipelines.diffusion.running import Make, build, difference, pixels, run, run_joining
from tests.pipelines.diffusion.stock import Stock

Kind = Callable[..., ImageParams]
BETWEEN = [(264, 256), (1000, 72), (64, 72)]


@pytest.fixture(scope="module")
def deep(deep_spec: EngineSpec) -> DiffusionModel:
    return load_model(deep_spec)


@pytest.fixture(scope="module")
def make(deep: DiffusionModel, deep_spec: EngineSpec) -> Make:
    with torch.inference_mode():
        return partial(build, deep, Preview.fit(deep), deep_spec)


def continued(image: Image.Image, width: int, height: int) -> Image.Image:
    """The image, its last column and row repeated."""
    whole = np.asarray(image)
    right, below = width - image.width, height - image.height
    return Image.fromarray(np.pad(whole, [(0, below), (0, right), (0, 0)][: whole.ndim], mode="edge"))


def test_whole_latents_are_painted_as_diffusers_does(make: Make, deep_spec: EngineSpec) -> None:
    kinds: tuple[Kind, ...] = (params, edit)  # with a mask, diffusers takes no UNet of 16 channels
    asked = [
        kind(width=width, height=height, seed=seed)
        for kind in kinds
        for seed, (width, height) in enumerate([(256, 256), (256, 256), (352, 160)])
    ]
    stock, running = Stock(deep_spec.folder), run_joining(make(batch_images=4), asked, seed=1)
    assert max(running.shared) > 1
    assert difference(running, stock) < 1e-3
    for number, wanted in enumerate(asked):
        (picture,) = running.pictures(number)
        assert abs(pixels(picture) - stock.pixels(wanted)).max() <= 1


@pytest.mark.parametrize(("width", "height"), BETWEEN)
@pytest.mark.parametrize("kind", [params, edit, masked, partial(params, num_frames=3, motion=0.5)])
def test_every_picture_has_exactly_the_size_asked_for(
    make: Make, kind: Kind, width: int, height: int
) -> None:
    wanted = kind(width=width, height=height)
    pictures = run(make(), wanted).pictures()
    assert len(pictures) == wanted.num_frames
    for picture in pictures:
        assert (picture.width, picture.height) == (width, height)
        assert len(picture.data) == width * height * 3


@pytest.mark.parametrize("num_frames", [1, 3])
def test_a_size_between_is_the_upper_left_of_the_next_one(make: Make, num_frames: int) -> None:
    film = partial(params, num_frames=num_frames, motion=0.5)
    cut = run(make(), film(width=264, height=232)).pictures()
    full = run(make(), film(width=288, height=256)).pictures()
    for part, whole in zip(cut, full, strict=True):
        assert np.array_equal(pixels(part), pixels(whole)[:232, :264])


@pytest.mark.parametrize("strength", [0.6, 1.0])
@pytest.mark.parametrize("with_mask", [False, True])
def test_an_edit_between_is_that_of_the_image_and_mask_continued(
    make: Make, strength: float, with_mask: bool
) -> None:
    image, mask = photo(264, 232), half_mask(264, 232) if with_mask else None
    wide = Edit(continued(image, 288, 256), strength, mask and continued(mask, 288, 256))
    (cut,) = run(make(), params(width=264, height=232, edit=Edit(image, strength, mask))).pictures()
    (full,) = run(make(), params(width=288, height=256, edit=wide)).pictures()
    assert np.array_equal(pixels(cut), pixels(full)[:232, :264])


def test_what_the_mask_keeps_is_exactly_as_it_was_sent(make: Make) -> None:
    asked = masked(1.0, width=264, height=232)
    (picture,) = run(make(), asked).pictures()
    changed = np.asarray(half_mask(264, 232)) == 255
    sent, painted = np.asarray(photo(264, 232)), pixels(picture)
    assert (painted == sent)[~changed].all()
    assert abs(painted - sent)[changed].mean() > 2


def test_a_preview_shows_all_that_is_painted(make: Make) -> None:
    (first, *_) = run(make(), params(preview_every=1, width=264, height=232)).progress()
    assert first.preview is not None
    assert (first.preview.width, first.preview.height) == (9, 8)
