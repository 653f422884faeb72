"""What the UNet is shown: noise over the caption's picture, or over the one that an edit began with."""

import numpy as np
import pytest
import torch

from training.latents import Bucket, Latents
from training.lessons import EARLIEST, Batch, Lessons, Readings
from training.networks import build_scheduler

PICTURES = 300


@pytest.fixture(scope="module")
def lessons() -> Lessons:
    """Pictures are 0 everywhere and were 1 before: what is left of that is the mean of the noise."""
    bucket = Bucket((256, 256), PICTURES, batch=PICTURES, share=1.0)
    clean = torch.zeros(PICTURES, 32, 8, 8)
    latents = Latents(bucket, clean, torch.ones_like(clean), np.arange(PICTURES))
    asked, nothing = (
        Readings(torch.full((PICTURES, 1, 2), value), torch.full((PICTURES, 2), value))
        for value in (1.0, 0.0)
    )
    return Lessons([latents], [asked], nothing, 1.0, build_scheduler().alphas_cumprod)


def left_of_before(batch: Batch) -> torch.Tensor:
    return batch.noise.mean(dim=(1, 2, 3))


def test_half_of_the_steps_begin_with_the_picture_before(lessons: Lessons) -> None:
    batch = lessons.sample(1, dropped=0.0)
    early = batch.times < 700  # later, hardly anything of a picture is left
    assert 0.35 < (left_of_before(batch)[early] > 0.1).float().mean() < 0.65


def test_there_is_never_more_of_it_than_an_edit_begins_with(lessons: Lessons) -> None:
    batch = lessons.sample(2, dropped=0.0)
    kept = lessons.kept[batch.times.clamp(min=int(EARLIEST * 999))]
    assert (left_of_before(batch) < (kept / (1 - kept)).sqrt() + 0.1).all()


def test_where_nothing_is_asked_for_nothing_changes(lessons: Lessons) -> None:
    batch = lessons.sample(3, dropped=1.0)
    assert (batch.asked.pooled == 0).all()
    assert left_of_before(batch).abs().max() < 0.1


def test_noise_and_velocity_lead_to_the_captions_picture(lessons: Lessons) -> None:
    batch = lessons.sample(4)
    found = batch.kept.sqrt() * batch.noisy - (1 - batch.kept).sqrt() * batch.velocity
    assert torch.allclose(found, batch.clean, atol=1e-4)
