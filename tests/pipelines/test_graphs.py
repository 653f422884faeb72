"""Which passes are captured and what a graph is fed; a stand-in plays them back where there is no GPU."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor

from service.pipelines.text.graphs import Graphs
from service.pipelines.text.kv_cache import KVCache, KVShape

CPU = torch.device("cpu")


class Recorded:
    """A stand-in of torch.cuda.CUDAGraph: `replay` does again what was done while it was captured."""

    capturing: "Recorded | None" = None

    def __init__(self) -> None:
        self.replay: Callable[[], object] = lambda: None


@contextmanager
def capture(graph: Recorded, pool: object) -> Iterator[None]:
    assert pool == "pool"
    Recorded.capturing = graph
    yield
    Recorded.capturing = None


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """The shapes that were computed, other than by replays."""
    stream = SimpleNamespace(wait_stream=lambda _other: None)
    for name, value in {
        "graph_pool_handle": lambda: "pool",
        "CUDAGraph": Recorded,
        "graph": capture,
        "Stream": lambda _device: stream,
        "current_stream": lambda _device: stream,
        "stream": lambda _stream: nullcontext(),
    }.items():
        monkeypatch.setattr(torch.cuda, name, value)
    return []


def graphs_that_note(decoded: list[tuple[int, ...]]) -> Graphs:
    def decode(rows: Tensor, cache: KVCache) -> Tensor:
        decoded.append(tuple(rows.shape))
        logits = rows * cache.pages
        if Recorded.capturing is not None:
            Recorded.capturing.replay = lambda: torch.mul(rows, cache.pages, out=logits)
        return logits

    return Graphs(decode, CPU)


def cache_of(pages: int) -> KVCache:
    return KVCache(KVShape(1, 1, 2), pages, torch.float32, CPU)


def test_a_replay_reads_the_new_rows(decoded: list[tuple[int, ...]]) -> None:
    graphs, cache = graphs_that_note(decoded), cache_of(3)
    for start in range(4):
        rows = torch.arange(start, start + 12).view(2, 6)
        assert torch.equal(graphs(rows, cache), rows * 3)
    assert decoded == [(2, 6)] * 2


def test_each_shape_and_each_cache_has_a_graph(decoded: list[tuple[int, ...]]) -> None:
    graphs, first, second = graphs_that_note(decoded), cache_of(3), cache_of(5)
    for _ in range(2):
        for shape in ((1, 6), (2, 6), (2, 10)):
            assert torch.equal(graphs(torch.ones(shape).long(), first), torch.full(shape, 3))
        assert torch.equal(graphs(torch.ones(2, 6).long(), second), torch.full((2, 6), 5))
    assert decoded == [shape for shape in ((1, 6), (2, 6), (2, 10), (2, 6)) for _ in range(2)]
