"""The child's side: a line of JSON in, a line of JSON out.

A request is one of
  {"round": [[ids, new_tokens, at], ...]}      answered with when each token came, in seconds
  {"logits": [ids, first, path]}               writes float32 [rows from `first`, vocabulary] as .npy
  {"greedy": [ids, new_tokens]}                answered with the token ids that follow
and an error is answered as {"error": "..."}.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.text.work import Asked, Times


class Peer(Protocol):
    """An engine with a model loaded."""

    def round(self, asked: list[Asked]) -> Times:
        """Answers all of them together, as they come."""


def serve(load: Callable[[], Peer]) -> None:
    """Answers requests until there are no more."""
    lines = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is not an answer
    peer = load()
    print(json.dumps("ready"), file=lines, flush=True)
    for line in sys.stdin:
        try:
            answer: object = _answer(peer, json.loads(line))
        except Exception as error:  # whatever a library raises ends this request only
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=lines, flush=True)


def _answer(peer: Any, request: dict[str, Any]) -> object:  # noqa: ANN401 - not every peer has logits
    if "round" in request:
        return peer.round([Asked("", tuple(ids), new, at) for ids, new, at in request["round"]])
    if "greedy" in request:
        return peer.greedy(*request["greedy"])
    ids, first, path = request["logits"]
    logits: NDArray[np.float32] = peer.logits(ids, first)
    np.save(path, logits.astype(np.float32))
    return len(logits)


class Arrivals:
    """Requests in the order in which they come, and the clock of their round."""

    def __init__(self, asked: list[Asked]) -> None:
        self._coming = sorted(range(len(asked)), key=lambda index: asked[index].at)
        self._asked = asked
        self._began = time.perf_counter()
        self.times: Times = [[] for _ in asked]

    @property
    def now(self) -> float:
        """Seconds since the round began."""
        return time.perf_counter() - self._began

    @property
    def expected(self) -> bool:
        """Whether any is still to come."""
        return bool(self._coming)

    def take(self) -> list[int]:
        """The indices of those that have come since the last call."""
        count = sum(self._asked[index].at <= self.now for index in self._coming)
        come, self._coming = self._coming[:count], self._coming[count:]
        return come

    def wait(self) -> None:
        """Sleeps until the next one comes, if one does."""
        if self._coming:
            time.sleep(max(0.0, self._asked[self._coming[0]].at - self.now))
