"""The compiled UNet takes the shapes that it was compiled for, and nothing that would compile anew."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from benchmarks.checkpoints import write_checkpoint
from service.engine.messages import EngineSpec
from service.engine.params import ImageParams
from service.pipelines.diffusion import load
from service.pipelines.diffusion.acceleration import Compiled
from service.pipelines.diffusion.denoise import predict_noise
from service.pipelines.diffusion.latents import prepare_frames
from service.pipelines.diffusion.loading import load_model
from service.pipelines.diffusion.model import DiffusionModel
from service.pipelines.diffusion.preview import Preview
from service.pipelines.diffusion.stages import encode_guide
from tests.pipelines.diffusion.asking import edit, params
from tests.pipelines.diffusion.running import build, run

LONG = "a cat on a mat " * 20


class Compiler:
    """A stand-in for torch.compile that notes which shapes its UNet was called with."""

    def __init__(self) -> None:
        self.options: dict[str, object] = {}
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, unet: Callable[..., tuple[Tensor]], **options: object) -> Callable[..., tuple[Tensor]]:
        self.options = options

        def compiled(sample: Tensor, *arguments: object, **others: object) -> tuple[Tensor]:
            self.shapes.append(tuple(sample.shape))
            return unet(sample, *arguments, **others)

        return compiled


@pytest.fixture
def compiler(monkeypatch: pytest.MonkeyPatch) -> Compiler:
    for name in ("TORCHINDUCTOR_CACHE_DIR", "TORCHINDUCTOR_FX_GRAPH_CACHE"):
        monkeypatch.setenv(name, "")  # so that it is put back afterwards
        monkeypatch.delenv(name)
    compiler = Compiler()
    monkeypatch.setattr(torch, "compile", compiler)
    return compiler


@pytest.fixture
def compiled(compiler: Compiler, spec: EngineSpec) -> DiffusionModel:
    """A model that is warmed up for two rows of 64 x 64 pixels."""
    model = load_model(replace(spec, compiled=True))
    assert isinstance(model.predict, Compiled)

    def call() -> None:
        with torch.inference_mode():
            predict_noise(model, [prepare_frames(model, params(), encode_guide(model, params()), [0])])

    model.predict.warm_up((2, 4, 8, 8), call)
    assert compiler.shapes == [(2, 4, 8, 8)]
    compiler.shapes.clear()
    return model


def test_the_shape_it_was_warmed_up_for_goes_to_the_compiled_unet(
    compiler: Compiler, compiled: DiffusionModel, preview: Preview, spec: EngineSpec
) -> None:
    run(build(compiled, preview, spec), params(), edit(1.0))
    assert compiler.shapes == [(2, 4, 8, 8)] * 10


@pytest.mark.parametrize(
    "wanted",
    [
        params(width=96),
        params(guidance_scale=0),
        params(num_frames=2, guidance_scale=0, num_inference_steps=2),
        params(prompt=LONG),
        params(prompt=LONG, negative_prompt=""),
        params(prompt=LONG, negative_prompt=LONG),
    ],
    ids=["size", "rows", "frames", "halves of two lengths", "no negative prompt", "long halves"],
)
def test_all_that_would_compile_anew_goes_to_the_unet_as_it_is(
    compiler: Compiler, compiled: DiffusionModel, preview: Preview, spec: EngineSpec, wanted: ImageParams
) -> None:
    assert run(build(compiled, preview, spec), wanted).pictures()
    assert compiler.shapes == []


def test_it_paints_what_the_uncompiled_one_paints(
    compiled: DiffusionModel, model: DiffusionModel, preview: Preview, spec: EngineSpec
) -> None:
    ours, expected = (run(build(each, preview, spec), params()).pictures() for each in (compiled, model))
    assert ours == expected


def test_what_was_compiled_is_kept_beside_the_checkpoint(
    compiler: Compiler, compiled: DiffusionModel, spec: EngineSpec
) -> None:
    assert Path(os.environ["TORCHINDUCTOR_CACHE_DIR"]) == spec.folder.parent / ".compiled"
    assert compiler.options == {"mode": "max-autotune", "dynamic": False}


def test_it_is_compiled_for_the_default_size_whatever_the_autoencoder(
    compiler: Compiler, spec: EngineSpec, tmp_path: Path
) -> None:
    write_checkpoint(tmp_path / "deep", autoencoder="deep", stages=2)
    load(replace(spec, folder=tmp_path / "deep", compiled=True))
    assert compiler.shapes == [(2, 16, 32, 32)]


def test_without_being_asked_nothing_is_compiled(compiler: Compiler, spec: EngineSpec) -> None:
    model: Any = load_model(spec)
    assert model.predict is model.unet
    assert compiler.options == {}
