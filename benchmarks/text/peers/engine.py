"""The service's own engine without the service.

python -m benchmarks.text.peers.engine DIR DTYPE SLOTS CONTEXT CACHE_BYTES
"""

import sys
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.text.peers.child import Arrivals, serve
from benchmarks.text.peers.engine_logits import logits_of
from benchmarks.text.work import Asked, Times
from service.engine.events import Token
from service.engine.messages import EngineSpec
from service.engine.params import TextParams
from service.engine.request import Request
from service.engine.scheduler import Scheduler
from service.pipelines.text import load
from service.text.tokenizer import TextTokenizer


def spec_of(folder: Path, dtype: str, slots: int, context: int, cache_bytes: int) -> EngineSpec:
    """A text engine of this checkpoint, on every core."""
    return EngineSpec(
        modality="text",
        model=folder.name,
        folder=folder,
        device="cpu",
        dtype=dtype,
        threads=0,
        max_running=slots,
        context_tokens=context,
        kv_cache_bytes=cache_bytes,
    )


class Engine:
    """The scheduler around the pipeline, as an engine process steps it."""

    def __init__(self, spec: EngineSpec) -> None:
        self._spec = spec
        self._pipeline = load(spec)
        # So that it writes as many tokens as the service, which is compared with it.
        self._stop_ids = TextTokenizer.load(spec.folder, spec.context_tokens).stop_ids

    def round(self, asked: list[Asked]) -> Times:
        """Steps until all have their tokens."""
        scheduler, arrivals = Scheduler(self._pipeline), Arrivals(asked)
        while arrivals.expected or not scheduler.idle:
            for index in arrivals.take():
                scheduler.add(Request(index, self._params(asked[index]), float("inf")))
            if scheduler.idle:
                arrivals.wait()
                continue
            scheduler.step()
            now = arrivals.now
            for request in scheduler.take_news():
                arrivals.times[request.id] += [now for e in request.take_events() if isinstance(e, Token)]
        return arrivals.times

    def logits(self, ids: list[int], first: int) -> NDArray[np.float32]:
        """Scores of the tokens after those from `first` on: [rows, vocabulary]."""
        return self._logits(ids, first)

    def _params(self, asked: Asked) -> TextParams:
        return TextParams(asked.ids, asked.new_tokens, 0.0, 1.0, 0, 0.0, 1.0, 0, self._stop_ids)

    @cached_property
    def _logits(self) -> Callable[[list[int], int], NDArray[np.float32]]:
        return logits_of(self._spec)  # a second copy of the weights, which only this needs


def main() -> None:
    """Reads the command line and serves."""
    folder, dtype, *limits = sys.argv[1:]
    serve(lambda: Engine(spec_of(Path(folder), dtype, *map(int, limits))))


if __name__ == "__main__":
    main()
