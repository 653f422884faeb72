"""Clients that leave an image: whatever is done for it, the engine stops within a step."""

from __future__ import annotations  # the async stub exists for type checkers only

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import pytest

from generation.v1 import generation_pb2 as pb
from tests.grpc.images import PROMPT, STAGES, EngineWatch, stream, unary
from tests.stack import Stack

if TYPE_CHECKING:
    import grpc

    from generation.v1.generation_pb2_grpc import GenerationAsyncStub
    from tests.grpc.images import Request

    Make: TypeAlias = Callable[[GenerationAsyncStub, Request], grpc.aio.Call]


@pytest.mark.parametrize("call", [unary, stream])
@pytest.mark.parametrize("stage", STAGES)
async def test_fault_24_a_painting_nobody_waits_for_stops_within_a_step(
    stack: Stack,
    generation: GenerationAsyncStub,
    stage: str,
    call: Make,
) -> None:
    request, steps = STAGES[stage]
    watch = await EngineWatch.begin(stack.service)
    painting = call(generation, request)
    await watch.until_steps(steps)
    painting.cancel()
    await watch.all_dropped_within_a_step(1)


async def test_fault_24_a_stream_of_frames_that_is_left_after_the_first_frame_stops_within_a_step(
    stack: Stack, generation: GenerationAsyncStub
) -> None:
    watch = await EngineWatch.begin(stack.service)
    asked = pb.GenerateFramesRequest(
        prompt=PROMPT, width=512, height=512, num_frames=9, num_inference_steps=5, format="mp4"
    )
    frames = generation.StreamFrames(asked)
    news = aiter(frames)
    while not (await anext(news)).frame:
        pass
    frames.cancel()
    await watch.all_dropped_within_a_step(1)


@pytest.mark.parametrize("call", [unary, stream])
async def test_fault_24_a_painting_that_is_left_in_the_queue_never_begins(
    stack: Stack, generation: GenerationAsyncStub, call: Make
) -> None:
    watch = await EngineWatch.begin(stack.service)
    largest = {"prompt": PROMPT, "width": 1536, "height": 1024, "guidance_scale": 0}
    most = pb.GenerateFramesRequest(**largest, num_frames=5)  # type: ignore[arg-type]
    running = [generation.StreamFrames(most) for _ in range(2)]
    for painting in running:
        assert (await anext(aiter(painting))).HasField("queue_position")
    queued = call(generation, pb.GenerateImageRequest(**largest))  # type: ignore[arg-type]
    await watch.until("waiting", 1)
    queued.cancel()
    await watch.until("waiting", 0)
    await watch.until("running", 2)
    for painting in running:
        painting.cancel()
    await watch.all_dropped_within_a_step(3)
