"""Decides which requests take the next step.

Between any two steps, requests that were cancelled or are past their deadline leave, the most
urgent waiting ones come in while there is capacity, and of the running ones those that share a
batch key with the most urgent one advance. Least left goes first (shortest remaining processing
time, Schrage 1968); being passed over makes a request more urgent for good, so nothing starves.
Equal requests finish one after another, or together where they share their steps.

What does not fit the memory is tried again in halves.
"""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from service.engine.events import Failed, Failure
from service.engine.pipeline import OutOfMemory, Pipeline
from service.engine.request import Request

P = TypeVar("P")
log = logging.getLogger(__name__)


class Scheduler(Generic[P]):
    """Waiting and running requests of one pipeline."""

    def __init__(self, pipeline: Pipeline[P], clock: Callable[[], float] = time.monotonic) -> None:
        self._pipeline = pipeline
        self._clock = clock
        self._news: list[Request[P]] = []
        self._newest_id = 0
        self._cancelled_early: set[int] = set()
        self.waiting: list[Request[P]] = []
        self.running: list[Request[P]] = []

    @property
    def idle(self) -> bool:
        """Whether nothing waits and nothing runs."""
        return not self.waiting and not self.running

    def add(self, request: Request[P]) -> None:
        """Queues a request. Ids rise from request to request."""
        self._newest_id = request.id
        self._pipeline.arrive(request, [*self.running, *self.waiting])
        self.waiting.append(request)
        self._news.append(request)
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

    def step(self) -> list[int]:
        """Drops, admits, advances; returns the ids of the requests that took the step together."""
        self._drop_expired()
        self._admit()
        batch = self._choose()
        if batch:
            self._run(batch)
        for request in batch:
            if request.done and request in self.running:
                self._remove(request)
        self._news += batch
        return [request.id for request in batch]

    def take_news(self) -> list[Request[P]]:
        """The requests that have events to hand back."""
        news, self._news = dict.fromkeys(self._news), []
        return [request for request in news if request.events]

    def _drop_expired(self) -> None:
        now = self._clock()
        for request in (*self.waiting, *self.running):
            if request.deadline <= now:
                self._end(request, "deadline")

    def _admit(self) -> None:
        free = self._pipeline.capacity() - sum(map(self._pipeline.cost, self.running))
        for request in sorted(self.waiting, key=lambda request: request.urgency):
            cost = self._pipeline.cost(request)
            if cost > free:
                return  # nobody slips by: a large one would never find room
            try:
                self._pipeline.start(request)
            except OutOfMemory:
                if self.running:
                    return  # there will be room when they are done
                self._end(request, "out_of_memory")
            except Exception:
                log.exception("request %d could not start", request.id, extra=_ids([request]))
                self._end(request, "internal")
            else:
                self.waiting.remove(request)
                self.running.append(request)
                free -= cost

    def _choose(self) -> list[Request[P]]:
        if not self.running:
            return []
        urgent = sorted(self.running, key=lambda request: (not request.preparing, request.urgency))
        key = self._pipeline.batch_key(urgent[0])
        free = self._pipeline.width(key)
        batch: list[Request[P]] = []
        for request in urgent:
            if self._pipeline.batch_key(request) == key:
                rows = self._pipeline.rows(request)
                if rows <= free or not batch:
                    batch.append(request)
                    free -= rows
        for request in (*self.running, *self.waiting):
            request.passed_over += request not in batch
        return batch

    def _run(self, batch: list[Request[P]]) -> None:
        try:
            self._pipeline.step(batch)
        except OutOfMemory:
            self._halve(batch)
        except Exception:
            log.exception("a step of %d requests failed", len(batch), extra=_ids(batch))
            for request in batch:
                if not request.done:
                    self._end(request, "internal")

    def _halve(self, batch: list[Request[P]]) -> None:
        log.warning("a step of %d requests does not fit the memory", len(batch), extra=_ids(batch))
        if len(batch) == 1:
            self._end(batch[0], "out_of_memory")
            return
        middle = len(batch) // 2
        self._run(batch[:middle])
        self._run(batch[middle:])

    def _end(self, request: Request[P], failure: Failure) -> None:
        request.emit(Failed(failure))
        self._news.append(request)
        self._remove(request)

    def _remove(self, request: Request[P]) -> None:
        if request in self.running:
            self.running.remove(request)
            self._pipeline.finish(request)
        else:
            self.waiting.remove(request)


def _ids(requests: Sequence[Request[P]]) -> dict[str, dict[str, str]]:
    """For the log: by which ids the callers know their requests."""
    return {"fields": {"request_id": ",".join(request.call_id for request in requests)}}
