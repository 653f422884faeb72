"""A tiny checkpoint in SDXL's layout, once in the service's hands and once in diffusers'."""

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch

from benchmarks.checkpoints import write_checkpoint
from service.engine.messages import EngineSpec
from service.pipelines.diffusion import load
from service.pipelines.diffusion.loading import load_model
from service.pipelines.diffusion.model import DiffusionModel
from service.pipelines.diffusion.pipeline import DiffusionPipeline
from service.pipelines.diffusion.preview import Preview
from tests.pipelines.diffusion.running import Make, build
from tests.pipelines.diffusion.stock import Stock


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """So small a model is faster so, and by far when others use the cores too."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    with one_thread():
        yield


@pytest.fixture(scope="session")
def spec(tmp_path_factory: pytest.TempPathFactory) -> EngineSpec:
    folder = tmp_path_factory.mktemp("checkpoint")
    write_checkpoint(folder, stages=2)
    return EngineSpec(
        modality="image",
        model="tiny",
        folder=folder,
        device="cpu",
        dtype="float32",
        threads=1,
        max_running=16,
        running_pixels=1 << 24,
    )


@pytest.fixture(scope="session")
def deep_spec(spec: EngineSpec, image_model: Path) -> EngineSpec:
    """The checkpoint that comes with the service, whose autoencoder makes a latent of 32 x 32 pixels."""
    return replace(spec, folder=image_model)


@pytest.fixture(scope="session")
def model(spec: EngineSpec) -> DiffusionModel:
    return load_model(spec)


@pytest.fixture(scope="session")
def preview(model: DiffusionModel) -> Preview:
    with one_thread(), torch.inference_mode():
        return Preview.fit(model)


@pytest.fixture(scope="session")
def make(model: DiffusionModel, preview: Preview, spec: EngineSpec) -> Make:
    """Makes a pipeline of the model; keywords change its spec."""
    return partial(build, model, preview, spec)


@pytest.fixture(scope="session")
def loaded(spec: EngineSpec) -> DiffusionPipeline:
    """A pipeline as the engine loads it."""
    with one_thread():
        return load(spec)


@pytest.fixture(scope="session")
def stock(spec: EngineSpec) -> Stock:
    return Stock(spec.folder)


@pytest.fixture
def own_folder(spec: EngineSpec, tmp_path: Path) -> Path:
    """A copy of the checkpoint that may be changed."""
    return Path(shutil.copytree(spec.folder, tmp_path / "checkpoint"))
