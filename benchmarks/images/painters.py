"""The three ways to an image that are compared: stock diffusers, gRPC and REST."""

import asyncio
import base64
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path

import grpc
import httpx

from benchmarks.images.work import Work
from generation.v1 import generation_pb2 as pb
from generation.v1 import generation_pb2_grpc

OPTIONS = [("grpc.max_receive_message_length", 64 << 20)]
TIMEOUT_S = 600


class OverGrpc:
    """The service's own port."""

    name = "gRPC"

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = generation_pb2_grpc.GenerationStub(channel)

    async def paint(self, work: Work, seed: int) -> bytes:
        """From a request to a PNG file."""
        request = pb.GenerateImageRequest(**work.fields(seed))  # type: ignore[arg-type]
        answer = await self._stub.GenerateImage(request, timeout=TIMEOUT_S)
        return answer.image_base64


class OverRest:
    """Through Envoy."""

    name = "REST"

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def paint(self, work: Work, seed: int) -> bytes:
        """From a request to a PNG file, out of its base64."""
        answer = await self._client.post("/image/generate", json=work.fields(seed), timeout=TIMEOUT_S)
        answer.raise_for_status()
        return base64.b64decode(answer.json()["image_base64"])


class Stock:
    """diffusers' own pipeline in a process of its own, one image after another."""

    name = "diffusers"

    def __init__(self, process: Process) -> None:
        self._process = process
        self._turn = asyncio.Lock()

    @classmethod
    @asynccontextmanager
    async def running(cls, folder: Path, *flags: str) -> AsyncIterator["Stock"]:
        """Loads the checkpoint and paints a first, small image."""
        command = (sys.executable, "-m", "benchmarks.images.stock", str(folder), *flags)
        process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
        try:
            stock = cls(process)
            await stock.paint(Work(256, 2), 0)
            yield stock
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def paint(self, work: Work, seed: int) -> bytes:
        """From a request, when it is its turn, to a PNG file."""
        assert self._process.stdin
        assert self._process.stdout
        async with self._turn:
            self._process.stdin.write(json.dumps([asdict(work), seed]).encode() + b"\n")
            size = int(await self._process.stdout.readline())
            return await self._process.stdout.readexactly(size)


@asynccontextmanager
async def over_grpc(address: str) -> AsyncIterator[OverGrpc]:
    """A channel with room for big images."""
    async with grpc.aio.insecure_channel(address, options=OPTIONS) as channel:
        yield OverGrpc(channel)


@asynccontextmanager
async def over_rest(url: str) -> AsyncIterator[OverRest]:
    """A client that keeps its connections."""
    async with httpx.AsyncClient(base_url=url) as client:
        yield OverRest(client)
