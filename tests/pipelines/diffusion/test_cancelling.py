"""Requests that leave, at any moment."""

import inspect
from functools import partial

import pytest
import torch
from torch import Tensor

from service.engine.events import Failed, Picture
from service.engine.params import ImageParams
from service.pipelines.diffusion.pipeline import state_of
from tests.pipelines.diffusion.asking import edit, masked, params
from tests.pipelines.diffusion.running import Make, Run, run

STEPS = 2
KINDS = {
    "image": params(num_inference_steps=STEPS),
    "edit": edit(1.0, num_inference_steps=STEPS),
    "masked edit": masked(1.0, num_inference_steps=STEPS),
    "frames": params(num_inference_steps=STEPS, num_frames=2, motion=0.5),
}


STAYING = params(num_inference_steps=150, seed=8)


@pytest.fixture(scope="module")
def make_invariant(make: Make) -> Make:
    return partial(make, batch_images=4, batch_invariant=True)


@pytest.fixture(scope="module")
def alone(make_invariant: Make) -> list[Tensor]:
    """The latents of the one that stays after each of its steps, with nobody else there."""
    running = Run(make_invariant())
    request = running.add(STAYING)
    while (painting := state_of(request).painting if request.state else None) is None:
        running.step()
    latents = [painting.latents]
    while not painting.complete:
        running.step()
        latents.append(painting.latents)
    return latents


@pytest.mark.parametrize("wanted", KINDS.values(), ids=KINDS)
def test_a_request_that_leaves_between_any_two_steps_frees_all_and_changes_nobody(
    make_invariant: Make, alone: list[Tensor], wanted: ImageParams
) -> None:
    """One of 150 steps stays; beside it others come, and leave after 0, 1, 2, ... steps."""
    running = Run(make_invariant())
    running.add(STAYING)
    for _ in range(3):
        running.step()
    steps = 0
    while not _leaves_after(running, wanted, steps):
        steps += 1
    assert steps > STEPS + 10
    assert max(running.shared) == 2
    painting = running.paintings[0]
    assert not painting.complete
    assert torch.equal(painting.latents, alone[painting.index])


def _leaves_after(running: Run, wanted: ImageParams, steps: int) -> bool:
    """Whether the request was complete before so many steps of its own."""
    request, state = running.add(wanted), None
    for _ in range(steps):
        running.requests[0].passed_over = 0  # the one that stays goes on only beside the other
        running.step()
        state = request.state or state
    if request.done:
        return True
    stages = state_of(request).stages if state is not None else None
    running.scheduler.cancel(request.id)
    assert request.events[-1] == Failed("cancelled")
    assert request.state is None
    assert stages is None or inspect.getgeneratorstate(stages) == inspect.GEN_CLOSED
    assert request not in running.scheduler.running
    return False


def test_those_that_were_cancelled_take_no_more_calls(make: Make) -> None:
    running = Run(make())
    requests = [running.add(params(seed=seed)) for seed in range(3)]
    running.step()
    for request in requests:
        running.scheduler.cancel(request.id)
    assert running.scheduler.idle
    assert [request.events[-1] for request in requests] == [Failed("cancelled")] * 3


def test_a_film_that_is_left_has_shown_what_was_complete(make: Make) -> None:
    running = Run(make())
    request = running.add(params(num_frames=6, num_inference_steps=STEPS))
    while len(running.pictures()) < 2:
        running.step()
    running.scheduler.cancel(request.id)
    assert [event.frame_index for event in request.events if isinstance(event, Picture)] == [0, 1]
    assert request.events[-1] == Failed("cancelled")


def test_a_complete_request_holds_nothing(make: Make) -> None:
    (request,) = run(make(), params()).requests
    assert request.state is None
