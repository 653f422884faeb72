"""Animation frames: an image, and others that are like it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor

from service.engine.events import Picture, Progress
from service.engine.params import ImageParams
from service.pipelines.diffusion.denoise import predict_noise
from service.pipelines.diffusion.latents import prepare_frames
from service.pipelines.diffusion.model import DiffusionModel
from service.pipelines.diffusion.painting import Painting
from service.pipelines.diffusion.stages import encode_guide
from tests.pipelines.diffusion.asking import params
from tests.pipelines.diffusion.running import Make, pixels, run

STEPS = 3


def film(**changes: object) -> ImageParams:
    return params(**{"num_frames": 6, "motion": 0.5, "num_inference_steps": STEPS} | changes)


@pytest.fixture(autouse=True)
def _no_gradients() -> Iterator[None]:
    with torch.inference_mode():
        yield


def group(model: DiffusionModel, frames: Sequence[int] = (0, 1, 2), **changes: object) -> Painting:
    wanted = film(**changes)
    return prepare_frames(model, wanted, encode_guide(model, wanted), frames)


def assert_close(ours: Tensor, theirs: Tensor) -> None:
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=0)


@pytest.mark.parametrize("motion", [0.0, 1.0])
def test_the_first_frame_is_the_image_of_the_same_seed_to_the_byte(make: Make, motion: float) -> None:
    frames = run(make(), film(motion=motion)).pictures()
    assert frames[0] == run(make(), film(num_frames=1)).pictures()[0]


def test_without_motion_all_frames_are_one_picture(make: Make) -> None:
    first, *others = map(pixels, run(make(), film(motion=0)).pictures())
    assert max(abs(other - first).max() for other in others) <= 1


def test_frames_move_the_more_the_more_motion_is_asked_for(make: Make) -> None:
    moved = []
    for motion in (0.2, 1.0):
        frames = [pixels(frame) for frame in run(make(), film(motion=motion)).pictures()]
        moved.append(np.mean([abs(later - earlier).mean() for earlier, later in pairwise(frames)]))
    assert 0.1 < moved[0] < moved[1]


def test_neighbours_are_more_alike_than_distant_frames(make: Make) -> None:
    frames = [pixels(frame) for frame in run(make(), film(num_frames=9)).pictures()]
    assert abs(frames[1] - frames[0]).mean() < abs(frames[4] - frames[0]).mean()
    assert abs(frames[1] - frames[0]).mean() < abs(frames[8] - frames[0]).mean()


def test_every_frame_starts_from_noise_as_normal_as_the_first(model: DiffusionModel) -> None:
    noise = group(model, [0, 5, 63], motion=1.0, width=512, height=512).latents
    deviations = noise.std(dim=(1, 2, 3))
    assert (deviations / deviations[0] - 1).abs().max() < 0.05


@pytest.mark.parametrize(
    ("num_frames", "groups"), [(1, [0]), (2, [0, 1]), (5, [0, 1]), (6, [0, 1, 5]), (10, [0, 1, 5, 9])]
)
def test_progress_counts_every_step_of_every_group(make: Make, num_frames: int, groups: list[int]) -> None:
    progress = run(make(), film(num_frames=num_frames)).progress()
    total = STEPS * len(groups)
    assert [event.step for event in progress] == list(range(1, total + 1))
    assert {event.total_steps for event in progress} == {total}
    assert [event.frame_index for event in progress] == [first for first in groups for _ in range(STEPS)]


def test_pictures_come_in_order_and_as_soon_as_their_group_is_done(make: Make) -> None:
    events = run(make(), film(num_frames=9)).requests[0].events
    pictures = [event for event in events if isinstance(event, Picture)]
    assert [picture.frame_index for picture in pictures] == list(range(9))
    assert [picture.last for picture in pictures] == [False] * 8 + [True]
    last_step = max(at for at, event in enumerate(events) if isinstance(event, Progress))
    assert sum(isinstance(event, Picture) for event in events[:last_step]) == 5


def test_frames_change_nothing_in_requests_beside_them(model: DiffusionModel) -> None:
    image = group(model, [0], prompt="a dog", seed=9)
    (alone,) = predict_noise(model, [image])
    before, _, after = predict_noise(model, [image, group(model), image])
    assert_close(before, alone)
    assert_close(after, alone)


def test_frames_are_the_same_with_others_beside_them(model: DiffusionModel) -> None:
    image = group(model, [0], prompt="a dog", seed=9)
    (alone,) = predict_noise(model, [group(model)])
    assert_close(predict_noise(model, [image, group(model), image])[1], alone)


def test_frames_look_at_their_anchor_and_not_at_each_other(model: DiffusionModel) -> None:
    (expected,) = predict_noise(model, [group(model)])
    other_anchor, other_frame = group(model), group(model)
    other_anchor.latents[0] += 1
    other_frame.latents[1] += 1
    (anchored,) = predict_noise(model, [other_anchor])
    (beside,) = predict_noise(model, [other_frame])
    assert (anchored[1:] - expected[1:]).abs().amax(dim=(1, 2, 3)).min() > 1e-3
    assert_close(beside[[0, 2]], expected[[0, 2]])


def test_each_half_of_the_guidance_has_an_anchor_of_its_own(model: DiffusionModel) -> None:
    anchors: list[int] = []

    def predict(
        *arguments: object, cross_attention_kwargs: dict[str, Tensor], **options: object
    ) -> tuple[Tensor]:
        anchors.extend(cross_attention_kwargs["anchors"].tolist())
        predicted: tuple[Tensor] = model.unet(*arguments, **options)
        return predicted

    spied = replace(model, predict=predict)
    predict_noise(spied, [group(model), group(model, [0]), group(model, guidance_scale=0)], bucket=12)
    assert anchors == [0, 0, 0, 3, 3, 3, 6, 7, 8, 8, 8, 11]


def test_the_positive_half_does_not_see_the_negative_prompt(model: DiffusionModel) -> None:
    paintings = [group(model, negative_prompt=words) for words in ("rain", "a green tree")]
    for painting in paintings:
        painting.guide = replace(painting.guide, scale=1.0)  # what is left is the positive half
    rain, tree = predict_noise(model, paintings)
    assert_close(rain, tree)
