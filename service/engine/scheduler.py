"""Decides which requests take the next step.

Between any two steps, requests that were cancelled or are past their deadline leave, waiting
ones come in while there is capacity, and of the running ones those that share a batch key with the
most urgent one advance. Least left goes first; each step in which a request is passed over makes
it one step more urgent, so nothing starves.
"""

import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from service.engine.pipeline import Pipeline
from service.engine.request import Failed, Failure, Request

P = TypeVar("P")
log = logging.getLogger(__name__)


class Scheduler(Generic[P]):
    """Waiting and running requests of one pipeline."""

    def __init__(self, pipeline: Pipeline[P], clock: Callable[[], float] = time.monotonic) -> None:
        self._pipeline = pipeline
        self._clock = clock
        self._ended: list[Request[P]] = []
        self._newest_id = 0
        self._cancelled_early: set[int] = set()
        self.waiting: deque[Request[P]] = deque()
        self.running: list[Request[P]] = []

    @property
    def idle(self) -> bool:
        """Whether nothing waits and nothing runs."""
        return not self.waiting and not self.running

    def add(self, request: Request[P]) -> None:
        """Queues a request. Ids rise from request to request."""
        self._newest_id = request.id
        self.waiting.append(request)
        if request.id in self._cancelled_early:
            self._cancelled_early.remove(request.id)
            self.cancel(request.id)

    def cancel(self, request_id: int) -> bool:
        """Ends a request before the next step; False if it had just ended by itself.

        Cancels have a pipe of their own, so one may come before its request.
        """
        if request_id > self._newest_id:
            self._cancelled_early.add(request_id)
            return True
        for request in (*self.waiting, *self.running):
            if request.id == request_id:
                self._end(request, "cancelled")
                return True
        return False

    def step(self) -> list[Request[P]]:
        """Drops, admits, advances; returns the requests that have events to hand back."""
        self._drop_expired()
        self._admit()
        batch = self._choose()
        if batch:
            self._run(batch)
        news = dict.fromkeys([*batch, *self._ended])
        self._ended = []
        return [request for request in news if request.events]

    def _drop_expired(self) -> None:
        now = self._clock()
        for request in (*self.waiting, *self.running):
            if request.deadline <= now:
                self._end(request, "deadline")

    def _admit(self) -> None:
        free = self._pipeline.capacity() - sum(map(self._pipeline.cost, self.running))
        while self.waiting and (cost := self._pipeline.cost(self.waiting[0])) <= free:
            request = self.waiting[0]
            try:
                self._pipeline.start(request)
            except Exception:
                log.exception("request %d could not start", request.id)
                self._end(request, "internal")
                continue
            self.waiting.popleft()
            self.running.append(request)
            free -= cost

    def _choose(self) -> list[Request[P]]:
        if not self.running:
            return []
        urgent = sorted(self.running, key=lambda request: request.steps_left - request.passed_over)
        key = self._pipeline.batch_key(urgent[0])
        peers = [request for request in urgent if self._pipeline.batch_key(request) == key]
        batch = peers[: self._pipeline.width(key)]
        for request in self.running:
            request.passed_over += 1
        for request in batch:
            request.passed_over = 0
        return batch

    def _run(self, batch: list[Request[P]]) -> None:
        try:
            self._pipeline.step(batch)
        except Exception:
            log.exception("a step of %d requests failed", len(batch))
            for request in batch:
                if not request.done:
                    self._end(request, "internal")
        for request in batch:
            if request.done and request in self.running:
                self._remove(request)

    def _end(self, request: Request[P], failure: Failure) -> None:
        request.emit(Failed(failure))
        self._ended.append(request)
        self._remove(request)

    def _remove(self, request: Request[P]) -> None:
        if request in self.running:
            self.running.remove(request)
            self._pipeline.finish(request)
        else:
            self.waiting.remove(request)
