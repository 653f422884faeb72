"""Streams of images, edits and frames over gRPC."""

from __future__ import annotations  # the async stub exists for type checkers only

from typing import TYPE_CHECKING

import pytest

from generation.v1 import generation_pb2 as pb
from tests.grpc.images import PROMPT, SMALL, opened, picture, stream, unary

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from generation.v1.generation_pb2_grpc import GenerationAsyncStub


def fields(message: Message) -> set[str]:
    """The fields that are set."""
    return {field.name for field, _ in message.ListFields()}


@pytest.mark.parametrize(("kind", "steps"), [("image", 4), ("edit", 4)])
async def test_an_image_streams_its_place_its_steps_its_previews_and_itself(
    generation: GenerationAsyncStub, kind: str, steps: int
) -> None:
    first, *progress, last = [message async for message in stream(generation, SMALL[kind])]
    assert fields(first) == {"queue_position", "estimated_seconds"}
    assert first.queue_position == 0
    assert first.estimated_seconds > 0
    assert [(message.step, message.total_steps) for message in progress] == [
        (step, steps) for step in range(1, steps + 1)
    ]
    bare, shown = {"step", "total_steps"}, {"step", "total_steps", "preview"}
    assert [fields(message) for message in progress] == [bare, shown] * 2
    assert all(opened(message.preview, "JPEG").size for message in progress if message.preview)
    assert fields(last) == {"image_base64", "seed", "finish_reason"}
    assert (last.seed, last.finish_reason) == (7, "stop")


async def test_frames_stream_one_by_one_in_order_and_their_film_at_the_end(
    generation: GenerationAsyncStub,
) -> None:
    asked = SMALL["frames"]
    first, *news, last = [message async for message in stream(generation, asked)]
    assert isinstance(last, pb.StreamFramesResponse)
    assert fields(first) == {"queue_position", "estimated_seconds"}
    steps = [message for message in news if message.HasField("step")]
    assert [message.step for message in steps] == [*range(1, steps[0].total_steps + 1)]
    frames = [message for message in news if isinstance(message, pb.StreamFramesResponse) and message.frame]
    assert [fields(frame) for frame in frames] == [{"frame", "frame_index", "num_frames"}] * 6
    assert [(frame.frame_index, frame.num_frames) for frame in frames] == [(i, 6) for i in range(6)]
    assert news.index(frames[0]) < news.index(steps[-1])
    assert fields(last) == {"animation", "seed", "finish_reason"}
    assert (last.seed, last.finish_reason) == (7, "stop")
    answer = await unary(generation, asked)
    assert isinstance(answer, pb.GenerateFramesResponse)
    assert [frame.frame for frame in frames] == [*answer.frames]
    assert last.animation == answer.animation


async def test_without_a_film_the_last_frame_is_the_last_message(generation: GenerationAsyncStub) -> None:
    asked = pb.GenerateFramesRequest(
        prompt=PROMPT, width=64, height=64, num_frames=2, num_inference_steps=2, preview_every=1
    )
    messages = [message async for message in generation.StreamFrames(asked)]
    assert fields(messages[-1]) == {"frame", "frame_index", "num_frames", "seed", "finish_reason"}
    assert [message.frame_index for message in messages if message.preview] == [0, 0, 1, 1]
    assert [message.finish_reason for message in messages[:-1]] == [""] * (len(messages) - 1)


@pytest.mark.parametrize("kind", ["image", "edit"])
async def test_a_stream_ends_with_the_image_of_the_unary_answer(
    generation: GenerationAsyncStub, kind: str
) -> None:
    *_, last = [message async for message in stream(generation, SMALL[kind])]
    answer = await unary(generation, SMALL[kind])
    assert isinstance(last, pb.StreamImageResponse)
    assert isinstance(answer, pb.GenerateImageResponse | pb.EditImageResponse)
    assert last.image_base64 == answer.image_base64


async def test_an_edit_of_strength_0_8_and_20_steps_runs_16(generation: GenerationAsyncStub) -> None:
    asked = pb.EditImageRequest(
        prompt=PROMPT, image_base64=picture(64, 64), strength=0.8, num_inference_steps=20
    )
    steps = [message.total_steps async for message in generation.StreamEdit(asked) if message.step]
    assert steps == [16] * 16
