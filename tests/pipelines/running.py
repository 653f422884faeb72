"""Runs requests through a scheduler around a pipeline, without processes or sockets."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import torch
from transformers import PreTrainedModel

from service.engine.events import Event, Token
from service.engine.messages import EngineSpec
from service.engine.params import TextParams
from service.engine.request import Request
from service.engine.scheduler import Scheduler
from service.pipelines.text.pipeline import TextPipeline

NO_DEADLINE = float("inf")
GREEDY = TextParams((), 24, 0.0, 1.0, 0, 0.0, 1.0, 0, frozenset())


def engine_of(
    folder: Path,
    dtype: str = "float32",
    max_running: int = 4,
    context_tokens: int = 512,
    kv_cache_bytes: int = 0,
    threads: int = 0,
) -> EngineSpec:
    """A text engine of this checkpoint on the CPU."""
    return EngineSpec(
        modality="text",
        model=folder.name,
        folder=folder,
        device="cpu",
        dtype=dtype,
        threads=threads,
        max_running=max_running,
        context_tokens=context_tokens,
        kv_cache_bytes=kv_cache_bytes,
    )


def params(prompt_ids: Sequence[int], **changes: object) -> TextParams:
    """A request for these tokens: greedy, 24 tokens, no stop tokens, unless changed."""
    return replace(GREEDY, prompt_ids=tuple(prompt_ids), **changes)  # type: ignore[arg-type]


def run(
    pipeline: TextPipeline,
    asked: Sequence[TextParams],
    at_step: Callable[[int, Scheduler[TextParams]], None] = lambda _step, _scheduler: None,
) -> list[list[Event]]:
    """The events of each request; `at_step` may add or cancel before each step."""
    scheduler = Scheduler(pipeline)
    requests = [Request(i, wanted, NO_DEADLINE) for i, wanted in enumerate(asked)]
    for request in requests:
        scheduler.add(request)
    step = 0
    while not scheduler.idle:
        at_step(step, scheduler)
        scheduler.step()
        step += 1
    return [request.take_events() for request in requests]


def tokens(events: Sequence[Event]) -> list[int]:
    """The token ids among the events."""
    return [event.token_id for event in events if isinstance(event, Token)]


def generated(model: PreTrainedModel, wanted: TextParams) -> list[int]:
    """What transformers writes, greedily, for the same tokens."""
    ids = torch.tensor([wanted.prompt_ids])
    generate = cast(Callable[..., torch.Tensor], model.generate)
    mask = torch.ones_like(ids)
    output = generate(ids, attention_mask=mask, max_new_tokens=wanted.max_tokens, do_sample=False)
    return cast(list[int], output[0, ids.shape[1] :].tolist())
