"""Edits: the size, the mask and the steps that were asked for."""

import numpy as np
import pytest
from PIL import Image

from service.engine.params import Edit
from tests.pipelines.diffusion.asking import edit, params, photo
from tests.pipelines.diffusion.running import Make, pixels, run


@pytest.mark.parametrize(("width", "height"), [(65, 130), (100, 64), (64, 71), (96, 64)])
@pytest.mark.parametrize("with_mask", [False, True])
def test_an_edit_has_the_size_of_its_image(make: Make, width: int, height: int, with_mask: bool) -> None:
    mask = Image.new("L", (width, height), 255) if with_mask else None
    (picture,) = run(make(), edit(width=width, height=height, mask=mask)).pictures()
    assert (picture.width, picture.height) == (width, height)
    assert len(picture.data) == width * height * 3


@pytest.mark.parametrize(("width", "height"), [(64, 64), (65, 130), (100, 64)])
@pytest.mark.parametrize("strength", [0.4, 1.0])
def test_what_the_mask_keeps_is_exactly_as_it_was_sent(
    make: Make, width: int, height: int, strength: float
) -> None:
    chosen = np.random.default_rng(1).random((height // 8 + 1, width // 8 + 1)) < 0.5
    whole = np.kron(chosen, np.full((8, 8), 255)).astype(np.uint8)[:height, :width]
    asked = edit(strength, Image.fromarray(whole), width=width, height=height)
    (picture,) = run(make(), asked).pictures()
    sent, painted = np.asarray(photo(width, height)), pixels(picture)
    assert (painted[whole == 0] == sent[whole == 0]).all()
    assert abs(painted - sent)[whole == 255].mean() > 2


def test_a_mask_of_nothing_gives_back_the_very_image(make: Make) -> None:
    (picture,) = run(make(), edit(1.0, Image.new("L", (64, 64)))).pictures()
    assert picture.data == photo(64, 64).tobytes()


def test_a_size_between_latents_is_padded_and_not_squeezed(make: Make) -> None:
    """The left part of an image is edited alike whether or not there are six pixels more."""
    whole = photo(72, 64)
    asked = params(edit=Edit(whole.crop((0, 0, 66, 64)), 0.2), width=66, seed=5)
    (cut,) = run(make(), asked).pictures()
    (full,) = run(make(), params(edit=Edit(whole, 0.2), width=72, seed=5)).pictures()
    assert abs(pixels(cut)[:, :48] - pixels(full)[:, :48]).mean() < 4


@pytest.mark.parametrize(
    ("steps", "strength", "runs"), [(100, 0.29, 29), (20, 0.8, 16), (5, 1.0, 5), (10, 0.15, 1)]
)
def test_strength_decides_how_many_steps_run(make: Make, steps: int, strength: float, runs: int) -> None:
    running = run(make(), edit(strength, num_inference_steps=steps))
    assert [event.step for event in running.progress()] == list(range(1, runs + 1))
    assert {event.total_steps for event in running.progress()} == {runs}


def test_more_strength_changes_more(make: Make) -> None:
    sent = np.asarray(photo(64, 64)).astype(float)
    changed = [
        abs(pixels(run(make(), edit(strength, num_inference_steps=10)).pictures()[0]) - sent).mean()
        for strength in (0.1, 0.5, 1.0)
    ]
    assert changed == sorted(changed)
