"""What only a stream shows: how fast a cancelled request is gone, and what previews cost."""

import asyncio
import re
import time
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import grpc
import httpx

from benchmarks.images.painters import OPTIONS, TIMEOUT_S
from benchmarks.images.work import Work
from generation.v1 import generation_pb2 as pb
from generation.v1 import generation_pb2_grpc

POLL_S = 0.002
STEPS_BEFORE_CANCEL = 2
CANCELLED_STEPS = 100  # so many that the image cannot be complete before the cancel comes
GONE_S = 60
IMAGE = '{engine="image"}'


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Seconds until a cancelled request's rows were gone, steps that began until then, seconds a step."""

    size: int
    seconds: float
    steps: float
    step_s: float


@dataclass(frozen=True, slots=True)
class Previewed:
    """Seconds of an image without previews and with one a step, and the bytes of one."""

    size: int
    without_s: float
    with_s: float
    preview_bytes: float


class Streams:
    """The service's streams and its counters."""

    def __init__(self, channel: grpc.aio.Channel, http: httpx.AsyncClient, metrics_url: str) -> None:
        self._stub = generation_pb2_grpc.GenerationStub(channel)
        self._http = http
        self._metrics_url = metrics_url

    async def cancel(self, work: Work, seed: int) -> Cancelled:
        """Cancels a request in the middle of its denoising and watches the counters."""
        dropped, steps = await self._dropped()
        call = self._stub.StreamImage(_request(replace(work, steps=CANCELLED_STEPS), seed), timeout=TIMEOUT_S)
        at = [time.perf_counter() async for message in _until(call, STEPS_BEFORE_CANCEL) if message.step]
        began = time.perf_counter()
        call.cancel()
        async with asyncio.timeout(GONE_S):
            while not await self._gone(dropped):  # noqa: ASYNC110 (another process has no event to wait for)
                await asyncio.sleep(POLL_S)
        gone = time.perf_counter() - began
        return Cancelled(work.size, gone, (await self._dropped())[1] - steps, at[-1] - at[-2])

    async def preview(self, work: Work, seed: int) -> Previewed:
        """The same image twice, in an order that the seed decides."""
        first, second = (0, 1) if seed % 2 else (1, 0)
        taken = {every: await self._stream(work, seed, every) for every in (first, second)}
        return Previewed(work.size, taken[0][0], taken[1][0], taken[1][1] / work.steps)

    async def _stream(self, work: Work, seed: int, preview_every: int) -> tuple[float, int]:
        began, size = time.perf_counter(), 0
        async for message in self._stub.StreamImage(_request(work, seed, preview_every), timeout=TIMEOUT_S):
            size += len(message.preview)
        return time.perf_counter() - began, size

    async def _dropped(self) -> tuple[float, float]:
        """Requests whose caller left, and the steps that still began for them."""
        dropped = await self._metric(f"generation_engine_dropped_total{IMAGE}")
        return dropped, await self._metric(f"generation_engine_drop_steps_sum{IMAGE}")

    async def _gone(self, dropped_before: float) -> bool:
        running = await self._metric(f"generation_engine_running{IMAGE}")
        return running == 0 and (await self._dropped())[0] > dropped_before

    async def _metric(self, name: str) -> float:
        page = (await self._http.get(self._metrics_url)).text
        found = re.search(rf"^{re.escape(name)} (\S+)$", page, re.MULTILINE)
        return float(found[1]) if found else 0.0


@asynccontextmanager
async def streams(grpc_address: str, metrics_url: str) -> AsyncIterator[Streams]:
    """Streams of a running service."""
    async with (
        grpc.aio.insecure_channel(grpc_address, options=OPTIONS) as channel,
        httpx.AsyncClient() as http,
    ):
        yield Streams(channel, http, metrics_url)


async def _until(
    call: AsyncIterable[pb.StreamImageResponse], step: int
) -> AsyncIterator[pb.StreamImageResponse]:
    async for message in call:
        yield message
        if message.step == step:
            return


def _request(work: Work, seed: int, preview_every: int = 0) -> pb.GenerateImageRequest:
    fields = work.fields(seed) | {"preview_every": preview_every}
    return pb.GenerateImageRequest(**fields)  # type: ignore[arg-type]
