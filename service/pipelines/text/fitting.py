"""Fits a model's passes to its device: graphs on a GPU, fixed shapes where a seed must mean the same text."""

import torch

from service.engine.messages import EngineSpec
from service.pipelines.text.batch import CPU_PLAN, GPU_PLAN, INVARIANT_PLAN, Plan
from service.pipelines.text.bucketed import Bucketed
from service.pipelines.text.graphs import Graphs
from service.pipelines.text.invariant import Invariant
from service.pipelines.text.kv_cache import PAGE
from service.pipelines.text.llama import Llama
from service.pipelines.text.model import TextModel


def fitted(model: TextModel, spec: EngineSpec) -> tuple[TextModel, Plan]:
    """The model as this device computes it best, and how it reads prompts."""
    if model.device.type != "cuda":
        return model, CPU_PLAN
    torch.backends.cuda.enable_cudnn_sdp(False)  # it makes a plan for each new shape, and shapes are many
    if isinstance(model, Llama):
        model = Bucketed(model, Graphs(model.decode, model.device))
    if spec.batch_invariant:
        return invariant(model, spec), INVARIANT_PLAN
    return model, GPU_PLAN


def invariant(model: TextModel, spec: EngineSpec) -> Invariant:
    """The model in passes of the one shape that holds all that may run."""
    pages = -(-spec.context_tokens // PAGE)
    return Invariant(model, answers=spec.max_running, pages=pages, rows=INVARIANT_PLAN.most)
