"""CUDA graphs of passes: what a GPU is told to do, recorded once for each shape and played back.

A pass of answers is hundreds of small kernels, and telling a GPU to start one takes longer than many of them
run (https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs).
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from service.pipelines.text.kv_cache import KVCache

# From int64 [rows, 2 + pages], each row a token, its position and its pages, to scores [rows, vocabulary].
Decode = Callable[[Tensor, KVCache], Tensor]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Captured:
    graph: torch.cuda.CUDAGraph
    rows: Tensor
    logits: Tensor


class Graphs:
    """A `decode` on a GPU in graphs, captured when their shape is first asked for.

    They share one memory pool, so a result holds until the next call only.
    """

    def __init__(self, decode: Decode, device: torch.device) -> None:
        self._decode = decode
        self._device = device
        self._pool = torch.cuda.graph_pool_handle()
        self._captured: dict[tuple[KVCache, int, int], _Captured] = {}

    def __call__(self, rows: Tensor, cache: KVCache) -> Tensor:
        """As `decode`; rows in pinned memory of the host."""
        key = (cache, len(rows), rows.shape[1])
        if key not in self._captured:
            _log.info("capturing a graph for %d answers of %d pages", len(rows), rows.shape[1] - 2)
            self._captured[key] = self._capture(rows, cache)
        captured = self._captured[key]
        captured.rows.copy_(rows, non_blocking=True)
        captured.graph.replay()
        return captured.logits

    def _capture(self, rows: Tensor, cache: KVCache) -> _Captured:
        # The first run chooses kernels and sets up libraries, which cannot be captured. It writes what the
        # replay writes again, so it must be of these rows and no others.
        fixed = rows.to(self._device, non_blocking=True)
        here = torch.cuda.current_stream(self._device)
        beside = torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]
        beside.wait_stream(here)
        with torch.cuda.stream(beside):
            self._decode(fixed, cache)
        here.wait_stream(beside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._pool):
            logits = self._decode(fixed, cache)
        return _Captured(graph, fixed, logits)
