"""The pipelines that engines run, by modality. A pipeline's libraries load with it, not before."""

from importlib import import_module
from typing import cast

from service.engine.messages import EngineSpec, Modality
from service.engine.params import Params
from service.engine.pipeline import Pipeline

PIPELINES: dict[Modality, str] = {
    "text": "service.pipelines.text",
    "image": "service.pipelines.diffusion",
}


def load_pipeline(spec: EngineSpec) -> Pipeline[Params]:
    """Loads the model that `spec` names and returns the pipeline around it."""
    module = import_module(PIPELINES[spec.modality])
    return cast(Pipeline[Params], module.load(spec))
