"""What is told of a call while it lasts and at its end: to the metrics, the log and the trace."""

import logging
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import grpc
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from service import logs
from service.metrics import Metrics

LONGEST_ID = 64
# OpenTelemetry's conventions for gRPC: the codes that are an error of the server, not of its client.
SERVER_ERRORS = {"UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"}
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Call:
    """A call of a method; `code` is what it ends with, and is set before it ends."""

    method: str
    request_id: str
    code: grpc.StatusCode = grpc.StatusCode.UNKNOWN


class Observer:
    """Tells of every call, each exactly once."""

    def __init__(self, metrics: Metrics, tracer: Tracer) -> None:
        self._metrics = metrics
        self._tracer = tracer

    @contextmanager
    def observe(self, method: str, metadata: Mapping[str, str | bytes]) -> Iterator[Call]:
        """Surrounds a call of such a full name ("service/method") that came with such metadata.

        A W3C traceparent there is its span's parent.
        """
        call, began = Call(method.rpartition("/")[2], _request_id(metadata)), time.monotonic()
        self._metrics.in_flight.labels(call.method).inc()
        token = logs.request_id.set(call.request_id)
        with self._span(method, call, metadata) as span:
            try:
                yield call
            finally:
                self._end(call, time.monotonic() - began, span)
                logs.request_id.reset(token)

    def _span(
        self, name: str, call: Call, metadata: Mapping[str, str | bytes]
    ) -> AbstractContextManager[Span]:
        return self._tracer.start_as_current_span(
            name,
            TraceContextTextMapPropagator().extract(metadata),
            SpanKind.SERVER,
            {"rpc.system.name": "grpc", "rpc.method": name, "generation.request_id": call.request_id},
            record_exception=False,  # an exception's text may be a prompt's
            set_status_on_exception=False,
        )

    def _end(self, call: Call, seconds: float, span: Span) -> None:
        code = call.code.name
        self._metrics.called(call.method, call.code, seconds)
        fields = {"method": call.method, "code": code, "seconds": round(seconds, 3)}
        log.info("call ended", extra={"fields": fields})
        span.set_attribute("rpc.response.status_code", code)
        if code in SERVER_ERRORS:
            span.set_status(StatusCode.ERROR)


def _request_id(metadata: Mapping[str, str | bytes]) -> str:
    given = metadata.get("x-request-id")
    return str(given)[:LONGEST_ID] if given else str(uuid.uuid4())
