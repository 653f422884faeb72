"""An OTLP collector in the tests' own process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as pb
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc
from opentelemetry.proto.trace.v1.trace_pb2 import Span


@dataclass(frozen=True)
class Received:
    """A span and the name of the program that sent it."""

    service: str
    span: Span

    @property
    def attributes(self) -> dict[str, str | int]:
        """Its attributes, as numbers or text."""
        values = {pair.key: pair.value for pair in self.span.attributes}
        return {key: value.int_value or value.string_value for key, value in values.items()}


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """Keeps every span that it gets; `endpoint` is its URL."""

    def __init__(self) -> None:
        self.endpoint = ""
        self.received: list[Received] = []

    async def Export(
        self, request: pb.ExportTraceServiceRequest, context: object
    ) -> pb.ExportTraceServiceResponse:
        for resource in request.resource_spans:
            names = {pair.key: pair.value.string_value for pair in resource.resource.attributes}
            for scope in resource.scope_spans:
                self.received += [Received(names["service.name"], span) for span in scope.spans]
        return pb.ExportTraceServiceResponse()

    async def trace(self, trace_id: str, spans: int, seconds: float = 60) -> list[Received]:
        """The spans of a trace, once there are so many: they are sent every few seconds."""
        end = time.monotonic() + seconds
        while len(found := self._of(trace_id)) < spans:
            assert time.monotonic() < end, [each.span.name for each in found]
            await asyncio.sleep(0.1)
        return found

    def _of(self, trace_id: str) -> list[Received]:
        return [each for each in self.received if each.span.trace_id.hex() == trace_id]


@asynccontextmanager
async def running_collector() -> AsyncIterator[Collector]:
    """A collector on a free port."""
    collector, server = Collector(), grpc.aio.server()
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(collector, server)  # type: ignore[no-untyped-call]
    port = server.add_insecure_port("127.0.0.1:0")
    collector.endpoint = f"http://127.0.0.1:{port}"
    await server.start()
    yield collector
    await server.stop(0)
