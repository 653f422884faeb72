"""What a request tells on its way: its place, every step, previews, and at last the picture."""

import time
from collections.abc import Callable
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray

from service.engine.events import Picture, Pixels, Progress, Queued
from service.engine.params import ImageParams
from service.pipelines.diffusion import pipeline as pipeline_module
from service.pipelines.diffusion.pace import Pace
from service.pipelines.diffusion.pipeline import DiffusionPipeline
from tests.pipelines.diffusion.asking import edit, masked, params
from tests.pipelines.diffusion.running import Make, Run, pixels, run


def previews(running: Run, number: int = 0) -> list[Pixels]:
    return [event.preview for event in running.progress(number) if event.preview]


def shrunk(picture: Pixels, factor: int = 8) -> NDArray[np.float64]:
    tall, wide = picture.height // factor, picture.width // factor
    blocks = pixels(picture).reshape(tall, factor, wide, factor, 3)
    return np.asarray(blocks.mean(axis=(1, 3)))


def alike(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    return float(np.corrcoef(first.ravel(), second.ravel())[0, 1])


@pytest.mark.parametrize("kind", [params, edit, masked])
def test_a_place_comes_first_then_every_step_and_the_picture_last(
    make: Make, kind: Callable[..., ImageParams]
) -> None:
    wanted = kind(num_inference_steps=6)
    first, *steps, last = run(make(), wanted).requests[0].events
    total = wanted.steps_to_run
    assert isinstance(first, Queued)
    assert steps == [Progress(step, total) for step in range(1, total + 1)]
    assert isinstance(last, Picture)
    assert (last.frame_index, last.last) == (0, True)


@pytest.mark.parametrize(
    "wanted", [params(), params(guidance_scale=0), edit(), masked(), params(num_frames=7)]
)
def test_a_request_takes_exactly_the_steps_it_was_counted_for(make: Make, wanted: ImageParams) -> None:
    running = Run(make())
    counted = running.add(wanted).steps_left
    assert len(running.finish().shared) == counted


def test_equal_requests_are_complete_one_after_another_where_they_share_nothing(make: Make) -> None:
    running, left = Run(make()), list[int]()
    for _ in range(4):
        running.add(params())
    while not running.scheduler.idle:
        running.step()
        left.append(len(running.scheduler.running))
    alone = len(run(make(), params()).shared)
    assert [left.index(count) + 1 for count in (3, 2, 1, 0)] == [alone * n for n in (1, 2, 3, 4)]


def test_a_place_counts_those_that_go_before(make: Make) -> None:
    running = Run(make())
    long = running.add(params(num_inference_steps=30))
    short = running.add(params(num_inference_steps=4))
    middle = running.add(params(num_inference_steps=10))
    late = running.add(params(num_inference_steps=50))
    places = [request.events[0] for request in (long, short, middle, late)]
    assert [place.position for place in places if isinstance(place, Queued)] == [0, 0, 1, 3]


def test_the_estimate_of_an_idle_engine_is_near_the_truth_and_grows_with_the_queue(
    loaded: DiffusionPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    # This process's own time, so that others on the machine do not count.
    monkeypatch.setattr(pipeline_module, "time", SimpleNamespace(monotonic=time.process_time))
    wanted = params(width=256, height=256, num_inference_steps=10)
    run(loaded, wanted)
    began = time.process_time()
    place = run(loaded, wanted).requests[0].events[0]
    truth = time.process_time() - began
    assert isinstance(place, Queued)
    assert truth / 3 < place.estimated_seconds < truth * 3
    queue = Run(loaded)
    estimates = [queue.add(wanted).events[0] for _ in range(3)]
    seconds = [place.estimated_seconds for place in estimates if isinstance(place, Queued)]
    assert all(later > 1.5 * first for first, later in ((seconds[0], seconds[1]), (seconds[0], seconds[2])))
    assert all(earlier < later for earlier, later in pairwise(seconds))


def test_an_engine_that_was_just_loaded_has_an_estimate(loaded: DiffusionPipeline) -> None:
    place = Run(loaded).add(params(width=256, height=256)).events[0]
    assert isinstance(place, Queued)
    assert place.estimated_seconds > 0


@pytest.mark.parametrize(("changes", "rows"), [({}, 2), ({"batch_images": 4, "batch_invariant": True}, 8)])
def test_the_estimate_counts_every_row_of_a_call_those_that_only_fill_it_too(
    make: Make, monkeypatch: pytest.MonkeyPatch, changes: dict[str, object], rows: int
) -> None:
    seen: list[float] = []

    def note(_: Pace, stage: str, work: float, _seconds: float) -> None:
        if stage == "denoise":
            seen.append(work)

    monkeypatch.setattr(Pace, "note", note)
    monkeypatch.setattr(Pace, "seconds", lambda _, stage, work: work * (stage == "denoise"))
    place = run(make(**changes), params(width=68)).requests[0].events[0]
    assert seen == [rows * 72 * 64] * 5
    assert isinstance(place, Queued)
    assert place.estimated_seconds == sum(seen)


@pytest.mark.parametrize(("every", "steps"), [(0, []), (1, [1, 2, 3, 4, 5]), (2, [2, 4]), (5, [5]), (9, [])])
def test_previews_come_only_as_often_as_asked(make: Make, every: int, steps: list[int]) -> None:
    running = run(make(), params(preview_every=every, width=96))
    assert [event.step for event in running.progress() if event.preview] == steps
    assert all((preview.width, preview.height) == (12, 8) for preview in previews(running))


def test_previews_change_nothing_in_the_picture(make: Make) -> None:
    assert run(make(), params(preview_every=1)).pictures() == run(make(), params()).pictures()


@pytest.mark.parametrize("kind", [params, edit, masked])
def test_the_last_preview_resembles_the_picture(make: Make, kind: Callable[..., ImageParams]) -> None:
    running = run(make(), kind(preview_every=1, width=128, height=128, num_inference_steps=8))
    (picture,) = running.pictures()
    # A preview is a linear map of the latents; the decoder of a made-up checkpoint is far from one.
    assert alike(pixels(previews(running)[-1]), shrunk(picture)) > 0.55


def test_a_preview_resembles_its_own_picture_by_far_the_most(make: Make) -> None:
    asked = [params(preview_every=1, width=128, height=128, seed=seed) for seed in (1, 2, 3)]
    running = run(make(), *asked)
    for number in range(3):
        preview = pixels(previews(running, number)[-1])
        own, *others = (
            alike(preview, shrunk(running.pictures(i)[0])) for i in (number, *{0, 1, 2} - {number})
        )
        assert own > 0.25 + max(others)


def test_previews_of_frames_are_of_the_first_new_one_of_their_group(make: Make) -> None:
    running = run(make(), params(preview_every=5, num_frames=6, motion=1.0, width=128, height=128))
    pictures = [shrunk(picture) for picture in running.pictures()]
    shown = [event for event in running.progress() if event.preview]
    assert [event.frame_index for event in shown] == [0, 1, 5]
    for event in shown:
        assert event.preview is not None
        distant = 0 if event.frame_index == 5 else 5
        own, other = (alike(pixels(event.preview), pictures[frame]) for frame in (event.frame_index, distant))
        assert own > 0.1 + other
