"""Loads a checkpoint into a text pipeline."""

import os
from typing import cast

import torch
from transformers import AutoModelForCausalLM, PreTrainedModel
from transformers.utils import logging as transformers_logging

from service.engine.messages import EngineSpec
from service.engine.params import TextParams
from service.engine.request import Request
from service.engine.scheduler import Scheduler
from service.pipelines.text.attention import register
from service.pipelines.text.kv_cache import KVCache, KVShape
from service.pipelines.text.model import TextModel
from service.pipelines.text.pipeline import TextPipeline


def load(spec: EngineSpec) -> TextPipeline:
    """Loads safetensors weights only and runs one short request, so that the first user does not wait."""
    torch.set_num_threads(spec.threads or os.cpu_count() or 1)
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    register()
    model = _load_model(spec)
    pipeline = TextPipeline(TextModel(model), KVCache(_cache_shape(model, spec), model.dtype, model.device))
    _warm_up(pipeline)
    return pipeline


def _load_model(spec: EngineSpec) -> PreTrainedModel:
    model = AutoModelForCausalLM.from_pretrained(
        spec.folder,
        dtype=getattr(torch, spec.dtype),
        device_map={"": spec.device},
        local_files_only=True,
        use_safetensors=True,
        trust_remote_code=False,
    )
    return cast(PreTrainedModel, model)  # in evaluation mode, as from_pretrained leaves it


def _cache_shape(model: PreTrainedModel, spec: EngineSpec) -> KVShape:
    config = model.config
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return KVShape(
        config.num_hidden_layers, spec.max_running, config.num_key_value_heads, spec.context_tokens, head_dim
    )


def _warm_up(pipeline: TextPipeline) -> None:
    params = TextParams((0, 1, 2, 3), 2, 0.7, 0.95, 0, 0.0, 1.0, 0, frozenset())
    scheduler = Scheduler(pipeline)
    scheduler.add(Request(0, params, deadline=float("inf")))
    while not scheduler.idle:
        scheduler.step()
