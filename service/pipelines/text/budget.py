"""How much memory keys and values get, once the weights are in."""

import logging

import psutil
import torch

from service.engine.messages import EngineSpec
from service.pipelines.text.kv_cache import PAGE
from service.pipelines.text.model import TextModel

# Of what is free when the weights are in: on a CPU the rest is other programs', on a GPU activations and,
# where images are served, another engine need it.
SHARE = {"cpu": 0.25, "cuda": 0.5}
# Pages that no request gets: where passes are filled up, their rows must write somewhere.
SPARE = {"cpu": 0, "cuda": 1}
_log = logging.getLogger(__name__)


def pages_for(model: TextModel, spec: EngineSpec) -> int:
    """How many pages the budget buys: never more than all running requests at full length would fill.

    Raises:
        ValueError: the configured budget does not hold one request of the full context.
    """
    page_bytes = model.shape.kv.page_bytes(model.dtype)
    a_context = -(-spec.context_tokens // PAGE)
    budget = spec.kv_cache_bytes or int(_free_bytes(model.device) * SHARE[model.device.type])
    spare = SPARE[model.device.type]
    pages = min(budget // page_bytes - spare, a_context * spec.max_running)
    if pages < a_context:
        if spec.kv_cache_bytes:
            held, least = max(0, pages) * PAGE, (a_context + spare) * page_bytes
            raise ValueError(
                f"kv-cache-bytes {spec.kv_cache_bytes} holds {held} tokens and context-tokens is "
                f"{spec.context_tokens}: give at least {least}, or a shorter context"
            )
        pages = a_context
    _log.info("keys and values: %d tokens in %.1f GB", pages * PAGE, pages * page_bytes / 1e9)
    return pages


def _free_bytes(device: torch.device) -> int:
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return int(psutil.virtual_memory().available)
