"""Loads a checkpoint into a text pipeline."""

import os

import torch
from transformers import AutoConfig
from transformers.utils import logging as transformers_logging

from service.engine.messages import EngineSpec
from service.engine.params import TextParams
from service.engine.request import Request
from service.engine.scheduler import Scheduler
from service.pipelines.text import float8
from service.pipelines.text.budget import SPARE, pages_for
from service.pipelines.text.fallback import load_fallback
from service.pipelines.text.fitting import fitted
from service.pipelines.text.kv_cache import KVCache
from service.pipelines.text.llama import is_lean, load_llama
from service.pipelines.text.model import TextModel
from service.pipelines.text.native.llama import is_native, load_native
from service.pipelines.text.pipeline import TextPipeline


def load(spec: EngineSpec) -> TextPipeline:
    """Loads safetensors weights only and runs one short request, so that the first user does not wait."""
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    torch.set_num_threads(_threads(spec))
    model = load_model(spec)
    if model.exact:
        # Its own threads compute; torch's would take their processors while they wait.
        torch.set_num_threads(1)
    cache = cache_for(model, pages_for(model, spec))
    model, plan = fitted(model, spec)
    pipeline = TextPipeline(model, cache, spec.max_running, plan)
    _warm_up(pipeline)
    return pipeline


def load_model(spec: EngineSpec) -> TextModel:
    """Ours where it computes what the checkpoint is, transformers' otherwise."""
    config = AutoConfig.from_pretrained(spec.folder, local_files_only=True, trust_remote_code=False)
    if not is_lean(config):
        if spec.dtype in ("int8", "float8"):
            raise ValueError(
                f"{spec.model} has parts that are not computed in {spec.dtype}: choose another --dtype"
            )
        return load_fallback(spec)
    if spec.dtype == "int8" and is_native(config):
        return load_native(config, spec.folder, spec.context_tokens, _threads(spec))
    device = torch.device(spec.device)
    if spec.dtype == "float8":
        float8.check(device)
        return load_llama(config, spec.folder, device, float8.NUMBER)
    return load_llama(config, spec.folder, device, getattr(torch, spec.dtype))


def cache_for(model: TextModel, pages: int) -> KVCache:
    """An empty cache of so many pages."""
    return KVCache(model.shape.kv, pages, model.dtype, model.device, bool(SPARE[model.device.type]))


def _threads(spec: EngineSpec) -> int:
    return spec.threads or len(os.sched_getaffinity(0))


def _warm_up(pipeline: TextPipeline) -> None:
    params = TextParams((0, 1, 2, 3), 2, 0.7, 0.95, 0, 0.0, 1.0, 0, frozenset())
    scheduler = Scheduler(pipeline)
    scheduler.add(Request(0, params, deadline=float("inf")))
    while not scheduler.idle:
        scheduler.step()
