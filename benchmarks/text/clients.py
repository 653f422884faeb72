"""The service as its clients see it: a stream for each request, over gRPC and over REST."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import grpc
import httpx

from benchmarks.text.contestants import MOST, PARTS
from benchmarks.text.work import Asked, Times
from generation.v1 import generation_pb2 as pb
from generation.v1 import generation_pb2_grpc

TIMEOUT_S = 600
Clock = Callable[[], float]


class OverGrpc:
    """The service's own port."""

    name = "service, gRPC"
    parts = PARTS
    most = MOST
    again = False

    def __init__(self, channel: grpc.aio.Channel, pid: int) -> None:
        self.pid = pid
        self._stub = generation_pb2_grpc.GenerationStub(channel)

    async def round(self, asked: Sequence[Asked]) -> Times:
        """When each message came. A message is a token but for those whose characters are not whole yet."""
        return await _all(asked, self._stream)

    async def _stream(self, one: Asked, clock: Clock) -> list[float]:
        request = pb.GenerateTextRequest(prompt=one.prompt, max_tokens=one.new_tokens, temperature=0)
        times, tokens = [], 0
        async for message in self._stub.StreamText(request, timeout=TIMEOUT_S):
            times.append(clock())
            tokens = message.completion_tokens
        return with_silent(times, tokens)


class OverRest:
    """Through Envoy, as server-sent events."""

    name = "service, REST"
    parts = PARTS - {"contexts"}
    most = MOST
    again = True

    def __init__(self, client: httpx.AsyncClient, pid: int) -> None:
        self.pid = pid
        self._client = client

    async def round(self, asked: Sequence[Asked]) -> Times:
        """When each event came."""
        return await _all(asked, self._stream)

    async def _stream(self, one: Asked, clock: Clock) -> list[float]:
        body = {"prompt": one.prompt, "max_tokens": one.new_tokens, "temperature": 0}
        times, last = [], ""
        async with self._client.stream("POST", "/text/stream", json=body) as answer:
            answer.raise_for_status()
            async for line in answer.aiter_lines():
                if line.startswith("data: "):
                    times.append(clock())
                    last = line
        return with_silent(times, json.loads(last.removeprefix("data: "))["completion_tokens"])


def with_silent(times: list[float], tokens: int) -> list[float]:
    """The times of `tokens` tokens, of which some had no message of their own: they came with the next.

    Raises ValueError if there are more messages than tokens.
    """
    silent = tokens - len(times)
    if silent < 0:
        raise ValueError(f"{len(times)} messages for {tokens} tokens")
    return sorted(times + times[-1:] * silent)


async def _all(asked: Sequence[Asked], stream: Callable[[Asked, Clock], Awaitable[list[float]]]) -> Times:
    began = time.perf_counter()

    async def one(request: Asked) -> list[float]:
        await asyncio.sleep(request.at)
        return await stream(request, lambda: time.perf_counter() - began)

    return await asyncio.gather(*map(one, asked))


@asynccontextmanager
async def over_grpc(address: str, pid: int) -> AsyncIterator[OverGrpc]:
    """A channel to the service, which is process `pid`."""
    async with grpc.aio.insecure_channel(address) as channel:
        yield OverGrpc(channel, pid)


@asynccontextmanager
async def over_rest(url: str, pid: int) -> AsyncIterator[OverRest]:
    """A client that keeps its connections."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=url, timeout=TIMEOUT_S, limits=limits) as client:
        yield OverRest(client, pid)
