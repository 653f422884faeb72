"""The code that a call counts under where the client's end and the service's meet, behind a real socket."""

from __future__ import annotations  # grpc's classes are generic for type checkers only

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc
import pytest
import pytest_asyncio
from opentelemetry.trace import NoOpTracer

from generation.v1 import generation_pb2 as pb
from generation.v1 import generation_pb2_grpc
from service.interceptor import CallInterceptor
from service.metrics import Metrics
from service.observer import Observer
from service.servicer import GenerationServicer

if TYPE_CHECKING:
    from generation.v1.generation_pb2_grpc import GenerationAsyncStub, _ServicerContext

CALLS = 12
ASKED = pb.GenerateTextRequest(prompt="x")
LARGE = "x" * 500_000  # no second one fits beside it into what gRPC buffers for a client that does not read


class EndlessServicer(GenerationServicer):
    """Never answers, or streams without end."""

    def __init__(self) -> None:
        pass

    async def GenerateText(
        self, request: pb.GenerateTextRequest, context: _ServicerContext
    ) -> pb.GenerateTextResponse:
        await asyncio.sleep(60)
        raise AssertionError("nobody waits that long")

    async def StreamText(
        self, request: pb.GenerateTextRequest, context: _ServicerContext
    ) -> AsyncGenerator[pb.StreamTextResponse, None]:
        while True:
            yield pb.StreamTextResponse(text=LARGE)


@dataclass
class Endless:
    """The service in this process, a stub on it, and its metrics."""

    generation: GenerationAsyncStub
    metrics: Metrics

    async def counted(self, code: str) -> None:
        """Waits until all calls have ended; each with this code."""
        end = time.monotonic() + 60
        while self._sum("generation_calls_in_flight") or not self._sum("generation_calls_total"):
            assert time.monotonic() < end
            await asyncio.sleep(0.02)
        assert self._sum("generation_calls_total", code=code) == self._sum("generation_calls_total") == CALLS

    def _sum(self, name: str, **labels: str) -> float:
        samples = [sample for family in self.metrics.registry.collect() for sample in family.samples]
        return sum(
            sample.value
            for sample in samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )


@pytest_asyncio.fixture(loop_scope="session")
async def endless() -> AsyncIterator[Endless]:
    metrics = Metrics()
    server = grpc.aio.server(interceptors=[CallInterceptor(Observer(metrics, NoOpTracer()), deadline_s=60)])
    generation_pb2_grpc.add_GenerationServicer_to_server(EndlessServicer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Endless(generation_pb2_grpc.GenerationStub(channel), metrics)
    await server.stop(0)


async def test_a_client_that_leaves_in_the_midst_of_a_message_is_a_cancel(endless: Endless) -> None:
    calls = [endless.generation.StreamText(ASKED) for _ in range(CALLS)]
    await asyncio.gather(*(call.read() for call in calls))
    for call in calls:
        call.cancel()
    await endless.counted("CANCELLED")


async def test_a_deadline_that_passes_while_the_client_does_not_read_is_a_deadline_and_no_error(
    endless: Endless, caplog: pytest.LogCaptureFixture
) -> None:
    calls = [endless.generation.StreamText(ASKED, timeout=1) for _ in range(CALLS)]
    await asyncio.gather(*(call.read() for call in calls))
    assert {await call.code() for call in calls} == {grpc.StatusCode.DEADLINE_EXCEEDED}
    await endless.counted("DEADLINE_EXCEEDED")
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_a_deadline_of_a_unary_call_is_a_deadline(endless: Endless) -> None:
    calls = [endless.generation.GenerateText(ASKED, timeout=1) for _ in range(CALLS)]
    assert {await call.code() for call in calls} == {grpc.StatusCode.DEADLINE_EXCEEDED}
    await endless.counted("DEADLINE_EXCEEDED")
