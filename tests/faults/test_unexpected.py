"""Exceptions that nobody foresaw, raised inside a method behind the real interceptor and a real socket."""

from __future__ import annotations  # grpc's classes are generic for type checkers only

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable
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

SECRET = "/etc/secret/path"


class BrokenServicer(GenerationServicer):
    """Raises what the prompt says; streams send one message before that."""

    def __init__(self) -> None:
        pass

    async def GenerateText(
        self, request: pb.GenerateTextRequest, context: _ServicerContext
    ) -> pb.GenerateTextResponse:
        if request.prompt == "slow":
            await asyncio.sleep(60)
        raise FAILURES[request.prompt]()

    async def StreamText(
        self, request: pb.GenerateTextRequest, context: _ServicerContext
    ) -> AsyncGenerator[pb.StreamTextResponse, None]:
        yield pb.StreamTextResponse(text="so far")
        raise FAILURES[request.prompt]()


FAILURES: dict[str, Callable[[], BaseException]] = {
    "exception": lambda: RuntimeError(SECRET),
    "cancelled": asyncio.CancelledError,
}


@pytest_asyncio.fixture(loop_scope="session")
async def broken() -> AsyncIterator[GenerationAsyncStub]:
    server = grpc.aio.server(
        interceptors=[CallInterceptor(Observer(Metrics(), NoOpTracer()), deadline_s=0.5)]
    )
    generation_pb2_grpc.add_GenerationServicer_to_server(BrokenServicer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield generation_pb2_grpc.GenerationStub(channel)
    await server.stop(0)


async def test_fault_09_an_unexpected_exception_is_internal_with_a_request_id_and_no_text_of_its_own(
    broken: GenerationAsyncStub, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await broken.GenerateText(pb.GenerateTextRequest(prompt="exception"))
    assert failed.value.code() == grpc.StatusCode.INTERNAL
    detail = failed.value.details() or ""
    found = re.fullmatch(r"internal error, request id (\S+)", detail)
    assert found
    assert SECRET not in str(failed.value.trailing_metadata())
    assert found.group(1) in caplog.text
    assert SECRET in caplog.text


async def test_fault_10_a_cancelled_error_from_inside_is_a_status_and_not_a_hang(
    broken: GenerationAsyncStub,
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await broken.GenerateText(pb.GenerateTextRequest(prompt="cancelled"), timeout=5)
    assert failed.value.code() == grpc.StatusCode.INTERNAL


async def test_a_call_that_brings_no_deadline_gets_the_services(broken: GenerationAsyncStub) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await broken.GenerateText(pb.GenerateTextRequest(prompt="slow"))
    assert failed.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED


@pytest.mark.parametrize("what", ["exception", "cancelled"])
async def test_a_stream_that_fails_after_its_first_message_ends_with_an_error_event(
    broken: GenerationAsyncStub, what: str
) -> None:
    messages: list[pb.StreamTextResponse] = []
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        async for message in broken.StreamText(pb.GenerateTextRequest(prompt=what), timeout=5):
            messages.append(message)  # noqa: PERF401 - the messages before the error count
    assert failed.value.code() == grpc.StatusCode.INTERNAL
    assert [message.text for message in messages] == ["so far", ""]
    assert messages[-1].finish_reason == "error"
    assert messages[-1].detail == failed.value.details()
