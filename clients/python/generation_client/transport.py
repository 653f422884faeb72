"""Sends calls, sync and async: once connected, with a deadline, their errors converted."""
# ruff: noqa: ASYNC109  # a timeout here is the call's deadline: the service knows it too

from __future__ import annotations  # the async stub exists for type checkers only

from typing import TYPE_CHECKING, Self, TypeVar

import grpc
import grpc.aio

from generation.v1 import generation_pb2 as pb
from generation.v1 import generation_pb2_grpc
from generation_client.connection import CONNECT_TIMEOUT_S, OPTIONS, Patience
from generation_client.errors import converted
from generation_client.readers import Reader
from generation_client.streams import AsyncCall, AsyncStream, Call, Stream

if TYPE_CHECKING:
    from generation.v1.generation_pb2_grpc import GenerationAsyncStub

Q = TypeVar("Q")
A = TypeVar("A")
Item = TypeVar("Item")
Result = TypeVar("Result")


class Transport:
    """The sync way to one service."""

    def __init__(
        self, address: str = "localhost:50051", *, connect_timeout: float = CONNECT_TIMEOUT_S
    ) -> None:
        self._address = address
        self._connect_timeout = connect_timeout
        self._channel = grpc.insecure_channel(address, options=OPTIONS)
        self._stub = generation_pb2_grpc.GenerationStub(self._channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection; calls that are still running are cancelled."""
        self._channel.close()

    def _answer(self, method: grpc.UnaryUnaryMultiCallable[Q, A], request: Q, timeout: float | None) -> A:
        patience = Patience.begin(self._address, self._connect_timeout, timeout)
        with converted():
            self._connect(patience)
            call = method.future(request, timeout=patience.left())
            try:
                return call.result()
            finally:
                call.cancel()  # Ctrl-C leaves a call running that nobody waits for

    def _stream(
        self,
        method: grpc.UnaryStreamMultiCallable[Q, A],
        request: Q,
        reader: Reader[A, Item, Result],
        timeout: float | None,
    ) -> Stream[Item, Result]:
        def start() -> Call[A]:
            patience = Patience.begin(self._address, self._connect_timeout, timeout)
            self._connect(patience)
            return method(request, timeout=patience.left())

        return Stream(start, reader)

    def _connect(self, patience: Patience) -> None:
        # Not channel_ready_future, whose thread prints a traceback when the channel is closed under it.
        try:
            self._stub.GetHealth(
                pb.GetHealthRequest(), wait_for_ready=True, timeout=patience.for_connecting()
            )
        except grpc.RpcError as error:
            patience.connected(error.code())


class AsyncTransport:
    """The async way to one service. It belongs to the event loop that it is made in."""

    def __init__(
        self, address: str = "localhost:50051", *, connect_timeout: float = CONNECT_TIMEOUT_S
    ) -> None:
        self._address = address
        self._connect_timeout = connect_timeout
        self._channel = grpc.aio.insecure_channel(address, options=OPTIONS)
        self._stub: GenerationAsyncStub = generation_pb2_grpc.GenerationStub(self._channel)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the connection; calls that are still running are cancelled."""
        await self._channel.close()

    async def _answer(
        self, method: grpc.aio.UnaryUnaryMultiCallable[Q, A], request: Q, timeout: float | None
    ) -> A:
        patience = Patience.begin(self._address, self._connect_timeout, timeout)
        with converted():
            await self._connect(patience)
            return await method(request, timeout=patience.left())

    def _stream(
        self,
        method: grpc.aio.UnaryStreamMultiCallable[Q, A],
        request: Q,
        reader: Reader[A, Item, Result],
        timeout: float | None,
    ) -> AsyncStream[Item, Result]:
        async def start() -> AsyncCall[A]:
            patience = Patience.begin(self._address, self._connect_timeout, timeout)
            await self._connect(patience)
            return method(request, timeout=patience.left())

        return AsyncStream(start, reader)

    async def _connect(self, patience: Patience) -> None:
        try:
            await self._stub.GetHealth(
                pb.GetHealthRequest(), wait_for_ready=True, timeout=patience.for_connecting()
            )
        except grpc.aio.AioRpcError as error:
            patience.connected(error.code())
