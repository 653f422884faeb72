"""When memory runs out: smaller calls, tiles, and at worst one request that fails."""

from functools import partial

import pytest
import torch

from service.engine.events import Failed, Picture
from service.engine.messages import EngineSpec
from service.pipelines.diffusion.model import DiffusionModel
from service.pipelines.diffusion.preview import Preview
from service.pipelines.memory import is_out_of_memory
from tests.pipelines.diffusion.asking import edit, params
from tests.pipelines.diffusion.failing import layer_that_fails, times, with_predict
from tests.pipelines.diffusion.running import Make, Run, build, run, run_together

SHAPE = (8, 8)  # latents of 64 x 64 pixels


@pytest.fixture
def make_with(preview: Preview, spec: EngineSpec) -> Make:
    """As `make`, for a model that is given."""
    return partial(build, preview=preview, spec=spec)


def last_events(running: Run) -> list[object]:
    return [request.events[-1] for request in running.requests]


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, MemoryError])
def test_a_shared_call_that_does_not_fit_is_halved_and_comes_to_the_same(
    model: DiffusionModel, make: Make, make_with: Make, error: type[Exception]
) -> None:
    small, predict = with_predict(model, lambda rows: rows > 2, error)
    asked = [params(seed=seed, num_inference_steps=6 + seed) for seed in range(4)]
    running = run_together(make_with(small, batch_images=4), *asked)
    assert predict.rows[:7] == [8, 4, 2, 2, 4, 2, 2]
    for number, wanted in enumerate(asked):
        alone = run(make(), wanted)
        assert (running.latents(number) - alone.latents(0)).abs().max() < 1e-3
        assert len(running.progress(number)) == wanted.num_inference_steps


def test_what_did_not_fit_once_is_not_tried_again(model: DiffusionModel, make_with: Make) -> None:
    small, predict = with_predict(model, lambda rows: rows > 4)
    pipeline = make_with(small, batch_images=4)
    asked = [params(seed=seed, num_inference_steps=12) for seed in range(4)]
    assert pipeline.width(SHAPE) == 8
    run_together(pipeline, *asked)
    assert pipeline.width(SHAPE) == 4
    assert sum(rows > 4 for rows in predict.rows) == 1
    assert pipeline.width((16, 16)) == 8


def test_a_request_that_does_not_fit_even_alone_fails_and_the_next_one_succeeds(
    model: DiffusionModel, make: Make, make_with: Make
) -> None:
    small, _ = with_predict(model, times(1))
    running = run(make_with(small), params(seed=1), params(seed=2))
    assert last_events(running) == [
        Failed("out_of_memory"),
        run(make(), params(seed=2)).requests[0].events[-1],
    ]
    assert running.requests[0].state is None


def test_an_image_that_does_not_fit_the_decoder_is_decoded_in_tiles(
    model: DiffusionModel, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiled: list[torch.Size] = []
    decode = model.vae.tiled_decode

    def spied(latents: torch.Tensor) -> object:
        tiled.append(latents.shape)
        return decode(latents)

    monkeypatch.setattr(model.vae, "tiled_decode", spied)
    expected = run(make(), params()).pictures()
    assert tiled == []
    with layer_that_fails(model.vae.decoder.up_blocks[2].resnets[0], 1):
        running = run(make(), params())
    assert running.pictures() == expected
    assert len(tiled) == 1


def test_only_the_frame_that_did_not_fit_is_decoded_in_tiles(model: DiffusionModel, make: Make) -> None:
    expected = run(make(), params(num_frames=3)).pictures()
    with layer_that_fails(model.vae.decoder.conv_out, 1):
        assert run(make(), params(num_frames=3)).pictures() == expected


def test_a_request_fails_alone_when_not_even_tiles_fit(model: DiffusionModel, make: Make) -> None:
    expected = run(make(), params(seed=2)).requests[0].events[-1]
    with layer_that_fails(model.vae.decoder.conv_out, 2):
        running = run(make(), params(seed=1), params(seed=2))
    assert last_events(running) == [Failed("out_of_memory"), expected]


def test_an_edit_whose_image_does_not_fit_the_encoder_fails_alone(model: DiffusionModel, make: Make) -> None:
    with layer_that_fails(model.vae.encoder.conv_out, 1):
        first, second = last_events(run(make(), edit(seed=1), edit(seed=2)))
    assert first == Failed("out_of_memory")
    assert isinstance(second, Picture)


def test_a_prompt_that_does_not_fit_fails_alone(model: DiffusionModel, make: Make) -> None:
    with layer_that_fails(model.text_encoders[1].encoder, 1):
        first, second = last_events(run(make(), params(seed=1), params(seed=2)))
    assert first == Failed("out_of_memory")
    assert isinstance(second, Picture)


def test_another_error_fails_those_of_its_call_and_narrows_nothing(
    model: DiffusionModel, make_with: Make, caplog: pytest.LogCaptureFixture
) -> None:
    broken, _ = with_predict(model, times(1), RuntimeError)
    pipeline = make_with(broken, batch_images=4)
    first, second = last_events(run(pipeline, params(seed=1), params(seed=2, num_inference_steps=20)))
    assert first == Failed("internal")
    assert isinstance(second, Picture | Failed)
    assert pipeline.width(SHAPE) == 8
    assert "injected" in caplog.text


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"), True),
        (RuntimeError("could not create a memory object"), True),
        (MemoryError(), True),
        (RuntimeError("shapes do not fit"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_running_out_of_memory_is_told_from_other_errors(error: Exception, expected: bool) -> None:
    assert is_out_of_memory(error) == expected
