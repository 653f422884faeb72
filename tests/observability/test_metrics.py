"""The metrics against what clients saw."""

from __future__ import annotations  # the async stub exists for type checkers only

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import grpc
import pytest
from google.protobuf.message import Message

from generation.v1 import generation_pb2 as pb
from tests.grpc.images import PROMPT, picture
from tests.observability.conftest import RUNNING, WAITING
from tests.observability.scrape import calls, samples, until_in_flight, value
from tests.stack import Stack

if TYPE_CHECKING:
    from generation.v1.generation_pb2_grpc import GenerationAsyncStub

    Call: TypeAlias = grpc.aio.UnaryUnaryCall[Any, Any] | grpc.aio.UnaryStreamCall[Any, Any]

TEXT = pb.GenerateTextRequest(prompt="Count to ten.", max_tokens=2, temperature=0)
LONG = pb.GenerateTextRequest(prompt="Tell me a very long story.", max_tokens=2000, temperature=1.5)
SMALL: dict[str, Any] = {"prompt": PROMPT, "width": 128, "height": 64, "num_inference_steps": 1}
IMAGE = pb.GenerateImageRequest(**SMALL)
LONG_IMAGE = pb.GenerateImageRequest(prompt=PROMPT, width=512, height=512, num_inference_steps=150)
EDIT = pb.EditImageRequest(prompt=PROMPT, image_base64=picture(), num_inference_steps=2)
FRAMES = pb.GenerateFramesRequest(**SMALL, num_frames=2)
CALLS = 500
AT_ONCE = 8

# How many calls of each kind: a method, its request, and the seconds that the client gives it.
MIXED: Sequence[tuple[int, str, Message, float | None]] = (
    (110, "GenerateText", TEXT, None),
    (80, "StreamText", TEXT, None),
    (15, "GenerateImage", IMAGE, None),
    (15, "StreamImage", IMAGE, None),
    (5, "EditImage", EDIT, None),
    (5, "StreamEdit", EDIT, None),
    (3, "GenerateFrames", FRAMES, None),
    (2, "StreamFrames", FRAMES, None),
    (15, "GetHealth", pb.GetHealthRequest(), None),
    (10, "ListModels", pb.ListModelsRequest(), None),
    (10, "ListStyles", pb.ListStylesRequest(), None),
    (30, "GenerateText", pb.GenerateTextRequest(prompt=""), None),
    (20, "StreamText", pb.GenerateTextRequest(prompt="x", temperature=9), None),
    (20, "StreamImage", pb.GenerateImageRequest(prompt=PROMPT, width=1), None),
    (10, "GenerateText", pb.GenerateTextRequest(prompt="x", model="none"), None),
    (10, "GenerateFrames", pb.GenerateFramesRequest(prompt=PROMPT, model="none"), None),
    (20, "GenerateText", LONG, 1.0),
    (20, "StreamText", LONG, 1.0),
    (5, "StreamImage", LONG_IMAGE, 1.0),
)
LEFT: Sequence[tuple[int, str, Message]] = ((40, "StreamText", LONG), (15, "StreamImage", LONG_IMAGE))
# Unary calls that are left: as many as fit at a time, and some that are refused behind them.
ROUNDS, REFUSED = 2, 10


class Client:
    """Counts how its calls ended."""

    def __init__(self, generation: GenerationAsyncStub) -> None:
        self._generation = generation
        self._places = asyncio.Semaphore(AT_ONCE)
        self.seen: Counter[tuple[str, str]] = Counter()

    def start(self, method: str, request: Message, timeout: float | None = None) -> Call:
        """Begins a call."""
        call: Call = getattr(self._generation, method)(request, timeout=timeout)
        return call

    async def finish(self, method: str, call: Call, *, leave: bool = False) -> None:
        """Reads an answer to its end, or leaves after the first message."""
        try:
            if isinstance(call, grpc.aio.UnaryStreamCall):
                async for _ in call:
                    if leave:
                        call.cancel()
            else:
                await call
        except (grpc.aio.AioRpcError, asyncio.CancelledError):
            pass  # the code is counted
        self.seen[method, (await call.code()).name] += 1

    async def ask(
        self, method: str, request: Message, timeout: float | None = None, *, leave: bool = False
    ) -> None:
        """A whole call, beside a few others."""
        async with self._places:
            await self.finish(method, self.start(method, request, timeout), leave=leave)


@pytest.mark.timeout(900)
async def test_500_mixed_calls_are_counted_as_the_client_counts_them(
    observed: Stack, watched: GenerationAsyncStub
) -> None:
    service, client = observed.service, Client(watched)
    await until_in_flight(service, 0)
    before = await calls(service)
    asks = [
        partial(client.ask, method, request, seconds)
        for count, method, request, seconds in MIXED
        for _ in range(count)
    ]
    asks += [
        partial(client.ask, method, request, leave=True)
        for count, method, request in LEFT
        for _ in range(count)
    ]
    random.Random(6).shuffle(asks)
    await asyncio.gather(*(ask() for ask in asks))
    for _ in range(ROUNDS):
        await until_in_flight(service, 0)
        long = [client.start("GenerateText", LONG) for _ in range(RUNNING + WAITING)]
        await until_in_flight(service, RUNNING + WAITING)
        await asyncio.gather(*(client.ask("GenerateText", TEXT) for _ in range(REFUSED)))
        for call in long:
            call.cancel()
        await asyncio.gather(*(client.finish("GenerateText", call) for call in long))
    await until_in_flight(service, 0)
    counted = await calls(service)
    counted.subtract(before)
    assert +counted == client.seen
    assert client.seen.total() == CALLS
    codes = {code for _, code in client.seen}
    assert {"OK", "CANCELLED", "DEADLINE_EXCEEDED", "INVALID_ARGUMENT", "NOT_FOUND"} <= codes
    assert client.seen["GenerateText", "RESOURCE_EXHAUSTED"] >= ROUNDS * REFUSED
    assert await value(service, "generation_call_seconds_count") == (await calls(service)).total()


TOKENS = ("generation_prompt_tokens_total", "generation_completion_tokens_total")
TIMES = (
    "generation_time_to_first_token_seconds_count",
    "generation_time_between_tokens_seconds_count",
    "generation_time_to_first_picture_seconds_count",
    "generation_engine_queue_seconds_count",
)


async def test_tokens_and_times_are_counted_once_for_each_answer(
    observed: Stack, watched: GenerationAsyncStub
) -> None:
    service = observed.service
    await until_in_flight(service, 0)
    before = [await value(service, name) for name in (*TOKENS, *TIMES)]
    answers = await asyncio.gather(*(watched.GenerateText(TEXT) for _ in range(4)))
    await watched.GenerateImage(IMAGE)
    after = [await value(service, name) for name in (*TOKENS, *TIMES)]
    read = sum(answer.prompt_tokens for answer in answers)
    written = sum(answer.completion_tokens for answer in answers)
    counted = [new - old for new, old in zip(after, before, strict=True)]
    assert counted == [read, written, len(answers), written - len(answers), 1, len(answers) + 1]


async def test_every_step_has_a_width_and_every_engine_its_memory(
    observed: Stack, watched: GenerationAsyncStub
) -> None:
    await watched.GenerateText(TEXT)
    steps = await value(observed.service, "generation_engine_steps_total")
    assert await value(observed.service, "generation_engine_batch_requests_count") == steps > 0
    memory = await samples(observed.service, "generation_engine_memory_bytes")
    held = {sample.labels["engine"]: sample.value for sample in memory}
    assert set(held) == {"text", "image"}
    assert all(size > 100e6 for size in held.values())
