"""Any checkpoint in SDXL's layout: other autoencoders, UNets and noise schedulers."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import diffusers
import pytest

from benchmarks.checkpoints import write_checkpoint
from service.engine.messages import EngineSpec
from service.engine.params import ImageParams
from service.pipelines.diffusion.loading import load_model
from service.pipelines.diffusion.pipeline import DiffusionPipeline
from service.pipelines.diffusion.preview import Preview
from tests.pipelines.diffusion.asking import edit, masked, params
from tests.pipelines.diffusion.running import build, difference, pixels, run, run_joining
from tests.pipelines.diffusion.stock import Stock

SCHEDULERS = [
    "EulerAncestralDiscreteScheduler",
    "DDIMScheduler",
    "DPMSolverMultistepScheduler",
    "HeunDiscreteScheduler",
]


def pipeline_of(folder: Path, spec: EngineSpec, preview: Preview) -> DiffusionPipeline:
    return build(load_model(replace(spec, folder=folder)), preview, spec, batch_images=4)


def put_scheduler(folder: Path, name: str) -> None:
    """Gives a checkpoint another noise scheduler, of the same configuration."""
    config = json.loads((folder / "scheduler" / "scheduler_config.json").read_text())
    scheduler: Any = getattr(diffusers, name).from_config(config)
    scheduler.save_pretrained(folder / "scheduler")
    index = json.loads((folder / "model_index.json").read_text())
    index["scheduler"] = ["diffusers", name]
    (folder / "model_index.json").write_text(json.dumps(index))


@pytest.mark.parametrize("stages", [2, 3])
@pytest.mark.parametrize("autoencoder", ["kl", "tiny"])
def test_any_autoencoder_and_unet_paint_as_diffusers_does(
    tmp_path: Path,
    spec: EngineSpec,
    preview: Preview,
    autoencoder: Literal["kl", "tiny"],
    stages: Literal[2, 3],
) -> None:
    write_checkpoint(tmp_path, autoencoder=autoencoder, stages=stages, seed=stages)
    stock = Stock(tmp_path)
    asked = [params(), edit(), masked(), params(width=128, seed=4)]
    running = run_joining(pipeline_of(tmp_path, spec, preview), asked, seed=1)
    assert difference(running, stock) < 1e-3
    for number in (0, 1):
        (picture,) = running.pictures(number)
        assert abs(pixels(picture) - stock.pixels(asked[number])).max() <= 1


def test_latents_of_a_mean_and_deviation_of_their_own_are_brought_back_to_them(
    own_folder: Path, spec: EngineSpec, preview: Preview
) -> None:
    file = own_folder / "vae" / "config.json"
    config = json.loads(file.read_text())
    config |= {"latents_mean": [-1.6, 2.2, 0.0, -0.3], "latents_std": [8.4, 6.5, 9.0, 7.0]}
    file.write_text(json.dumps(config))
    stock, asked = Stock(own_folder), [params(), edit()]
    running = run(pipeline_of(own_folder, spec, preview), *asked)
    assert difference(running, stock) < 1e-3
    for number, wanted in enumerate(asked):
        assert abs(pixels(running.pictures(number)[0]) - stock.pixels(wanted)).max() <= 1


@pytest.mark.parametrize("name", SCHEDULERS)
def test_another_noise_scheduler_paints_as_diffusers_does(
    own_folder: Path, spec: EngineSpec, preview: Preview, name: str
) -> None:
    put_scheduler(own_folder, name)
    asked = [params(), edit(), params(seed=4, num_inference_steps=9, guidance_scale=1), edit(1.0, seed=5)]
    if name != "EulerAncestralDiscreteScheduler":  # diffusers draws once more for a mask than is needed
        asked += [masked(), masked(1.0)]
    running = run_joining(pipeline_of(own_folder, spec, preview), asked, seed=2)
    assert max(running.shared) > 1
    assert difference(running, Stock(own_folder)) < 1e-3


@pytest.mark.parametrize("name", ["EulerAncestralDiscreteScheduler", "HeunDiscreteScheduler"])
def test_frames_take_any_noise_scheduler(
    own_folder: Path, spec: EngineSpec, preview: Preview, name: str
) -> None:
    put_scheduler(own_folder, name)
    pipeline = pipeline_of(own_folder, spec, preview)
    frames = run(pipeline, params(num_frames=3, motion=0.5)).pictures()
    assert frames[0] == run(pipeline, params()).pictures()[0]
    still = [pixels(frame) for frame in run(pipeline, params(num_frames=3, motion=0)).pictures()]
    assert max(abs(frame - still[0]).max() for frame in still) <= 1


@pytest.mark.parametrize("wanted", [params(num_inference_steps=4), edit(0.5, num_inference_steps=8)])
def test_a_scheduler_of_two_calls_a_step_reports_steps_and_not_calls(
    own_folder: Path, spec: EngineSpec, preview: Preview, wanted: ImageParams
) -> None:
    put_scheduler(own_folder, "HeunDiscreteScheduler")
    progress = run(pipeline_of(own_folder, spec, preview), wanted).progress()
    steps = [event.step for event in progress]
    assert all(0 <= later - earlier <= 1 for earlier, later in pairwise([0, *steps]))
    assert progress[-1].step == 4
    assert {event.total_steps for event in progress} == {4}
