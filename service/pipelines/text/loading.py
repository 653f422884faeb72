"""Loads a checkpoint into a text pipeline."""

import os

import torch
from transformers import AutoConfig
from transformers.utils import logging as transformers_logging

from service.engine.messages import EngineSpec
from service.engine.params import TextParams
from service.engine.request import Request
from service.engine.scheduler import Scheduler
from service.pipelines.text.fallback import load_fallback
from service.pipelines.text.kv_cache import KVCache, KVShape
from service.pipelines.text.llama import is_lean, load_llama
from service.pipelines.text.model import TextModel
from service.pipelines.text.pipeline import TextPipeline


def load(spec: EngineSpec) -> TextPipeline:
    """Loads safetensors weights only and runs one short request, so that the first user does not wait."""
    torch.set_num_threads(spec.threads or os.cpu_count() or 1)
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    model = load_model(spec)
    pipeline = TextPipeline(model, cache_for(model, spec.max_running, spec.context_tokens))
    _warm_up(pipeline)
    return pipeline


def load_model(spec: EngineSpec) -> TextModel:
    """Ours where it computes what the checkpoint is, transformers' otherwise."""
    config = AutoConfig.from_pretrained(spec.folder, local_files_only=True, trust_remote_code=False)
    if is_lean(config):
        return load_llama(config, spec.folder, torch.device(spec.device), getattr(torch, spec.dtype))
    if spec.dtype == "int8":
        raise ValueError(f"{spec.model} has parts that are not computed in int8: choose another --dtype")
    return load_fallback(spec)


def cache_for(model: TextModel, slots: int, context: int) -> KVCache:
    """An empty cache of `slots` requests of at most `context` tokens."""
    shape = model.shape
    return KVCache(
        KVShape(shape.layers, slots, shape.kv_heads, context, shape.head_dim), model.dtype, model.device
    )


def _warm_up(pipeline: TextPipeline) -> None:
    params = TextParams((0, 1, 2, 3), 2, 0.7, 0.95, 0, 0.0, 1.0, 0, frozenset())
    scheduler = Scheduler(pipeline)
    scheduler.add(Request(0, params, deadline=float("inf")))
    while not scheduler.idle:
        scheduler.step()
