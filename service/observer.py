"""What is told of a call while it lasts and at its end: to the metrics."""

import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import grpc

from service.metrics import Metrics

LONGEST_ID = 64


@dataclass(slots=True)
class Call:
    """A call of a method; `code` is what it ends with, and is set before it ends."""

    method: str
    request_id: str
    code: grpc.StatusCode = grpc.StatusCode.UNKNOWN


class Observer:
    """Tells of every call, each exactly once."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    @contextmanager
    def observe(self, method: str, metadata: Mapping[str, str | bytes]) -> Iterator[Call]:
        """Surrounds a call that came with such metadata."""
        call, began = Call(method, _request_id(metadata)), time.monotonic()
        self._metrics.in_flight.labels(method).inc()
        try:
            yield call
        finally:
            self._metrics.called(method, call.code, time.monotonic() - began)


def _request_id(metadata: Mapping[str, str | bytes]) -> str:
    given = metadata.get("x-request-id")
    return str(given)[:LONGEST_ID] if given else str(uuid.uuid4())
