"""The service as its clients see it: a stream for each request, over gRPC and over REST."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar
from urllib.parse import urlsplit

from benchmarks.text.contestants import MOST, PARTS
from benchmarks.text.event_stream import EventStream
from benchmarks.text.grpc_connection import GrpcConnection, Messages
from benchmarks.text.work import Asked, Times
from generation.v1 import generation_pb2 as pb

METHOD = "/generation.v1.Generation/StreamText"
TIMEOUT_S = 600
Clock = Callable[[], float]
T = TypeVar("T")
P = TypeVar("P", bound=asyncio.Protocol)


class OverGrpc:
    """The service's own port."""

    name = "service, gRPC"
    parts = PARTS
    most = MOST
    again = False

    def __init__(self, connection: GrpcConnection, pid: int) -> None:
        self.pid = pid
        self._connection = connection

    async def round(self, asked: Sequence[Asked]) -> Times:
        """When each message came. A message is a token but for those whose characters are not whole yet."""
        answers = await _all(asked, self._stream)
        tokens = [pb.StreamTextResponse.FromString(one.last).completion_tokens for one in answers]
        return [with_silent(one.times, count) for one, count in zip(answers, tokens, strict=True)]

    async def _stream(self, one: Asked, clock: Clock) -> Messages:
        request = pb.GenerateTextRequest(prompt=one.prompt, max_tokens=one.new_tokens, temperature=0)
        return await self._connection.call(METHOD, request.SerializeToString(), clock)


class OverRest:
    """Through Envoy, as server-sent events."""

    name = "service, REST"
    parts = PARTS - {"contexts"}
    most = MOST
    again = True

    def __init__(self, url: str, pid: int) -> None:
        self.pid = pid
        self._authority = urlsplit(url).netloc

    async def round(self, asked: Sequence[Asked]) -> Times:
        """When each event came."""
        streams = await _all(asked, self._stream)
        answers = [one.events() for one in streams]
        tokens = [json.loads(one[-1][1])["completion_tokens"] for one in answers]
        return [with_silent([at for at, _ in one], count) for one, count in zip(answers, tokens, strict=True)]

    async def _stream(self, one: Asked, clock: Clock) -> EventStream:
        body = json.dumps({"prompt": one.prompt, "max_tokens": one.new_tokens, "temperature": 0}).encode()
        stream = await _connected(
            self._authority, lambda: EventStream("/text/stream", self._authority, body, clock)
        )
        await stream.closed
        return stream


def with_silent(times: list[float], tokens: int) -> list[float]:
    """The times of `tokens` tokens, of which some had no message of their own: they came with the next.

    Raises ValueError if there are more messages than tokens.
    """
    silent = tokens - len(times)
    if silent < 0:
        raise ValueError(f"{len(times)} messages for {tokens} tokens")
    return sorted(times + times[-1:] * silent)


async def _all(asked: Sequence[Asked], stream: Callable[[Asked, Clock], Awaitable[T]]) -> list[T]:
    began = time.perf_counter()

    async def one(request: Asked) -> T:
        await asyncio.sleep(request.at)
        return await stream(request, lambda: time.perf_counter() - began)

    async with asyncio.timeout(TIMEOUT_S):
        return await asyncio.gather(*map(one, asked))


@asynccontextmanager
async def over_grpc(address: str, pid: int) -> AsyncIterator[OverGrpc]:
    """A connection to the service, which is process `pid`."""
    connection = await _connected(address, lambda: GrpcConnection(address))
    try:
        yield OverGrpc(connection, pid)
    finally:
        connection.close()


async def _connected(address: str, protocol: Callable[[], P]) -> P:
    host, port = address.rsplit(":", 1)
    _, made = await asyncio.get_running_loop().create_connection(protocol, host, int(port))
    return made
