"""Image requests among others: the same bytes, text that goes on, names of models, deadlines."""

from __future__ import annotations  # the async stub exists for type checkers only

import asyncio
from typing import TYPE_CHECKING

import grpc
import pytest

from generation.v1 import generation_pb2 as pb
from tests.grpc.images import PROMPT, SMALL, EngineWatch, stream, unary
from tests.stack import Stack

if TYPE_CHECKING:
    from generation.v1.generation_pb2_grpc import GenerationAsyncStub

LONG = pb.GenerateImageRequest(prompt=PROMPT, width=512, height=512, num_inference_steps=150)


async def test_the_same_seed_gives_the_same_bytes_alone_twice_at_once_and_among_others(
    generation: GenerationAsyncStub,
) -> None:
    kinds = [*SMALL.values()]
    alone = [await unary(generation, asked) for asked in kinds]
    others = [
        pb.GenerateImageRequest(prompt="A dog " * 60, width=width, height=64, num_inference_steps=6)
        for width in (64, 128, 192)
    ]
    together = await asyncio.gather(*(unary(generation, asked) for asked in kinds + kinds + others))
    assert list(together[:6]) == alone + alone


async def test_a_text_goes_on_while_an_image_is_painted(
    stack: Stack, generation: GenerationAsyncStub
) -> None:
    watch = await EngineWatch.begin(stack.service)
    asked = pb.GenerateTextRequest(prompt="Tell me a story.", max_tokens=16, seed=1)
    alone = await generation.GenerateText(asked)
    painting = generation.StreamImage(LONG)
    news = aiter(painting)
    while not (await anext(news)).step:
        pass
    text = "".join([piece.text async for piece in generation.StreamText(asked)])
    assert text == alone.text
    assert 1 < (await anext(news)).step < 150
    painting.cancel()
    await watch.all_dropped_within_a_step(1)


@pytest.mark.parametrize("kind", SMALL)
async def test_a_model_is_named_by_the_name_that_is_listed_and_by_no_other(
    generation: GenerationAsyncStub, kind: str
) -> None:
    text, image = (await generation.ListModels(pb.ListModelsRequest())).models
    asked = type(SMALL[kind])()
    asked.CopyFrom(SMALL[kind])  # type: ignore[arg-type]
    asked.model = image.name
    assert (await unary(generation, asked)).seed == 7
    for name in (text.name, "", "no-such-model"):
        asked.model = name
        for call in (unary(generation, asked), stream(generation, asked).read()):
            with pytest.raises(grpc.aio.AioRpcError) as failed:
                await call
            assert failed.value.code() == grpc.StatusCode.NOT_FOUND
            assert image.name in (failed.value.details() or "")


async def test_the_image_model_writes_no_text(generation: GenerationAsyncStub) -> None:
    _, image = (await generation.ListModels(pb.ListModelsRequest())).models
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await generation.GenerateText(pb.GenerateTextRequest(prompt="Hi", model=image.name))
    assert failed.value.code() == grpc.StatusCode.NOT_FOUND


async def test_a_deadline_ends_a_painting_within_a_step(
    stack: Stack, generation: GenerationAsyncStub
) -> None:
    watch = await EngineWatch.begin(stack.service)
    calls = generation.GenerateImage(LONG, timeout=0.5), generation.StreamImage(LONG, timeout=0.5)
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await calls[0]
    assert failed.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        async for message in calls[1]:
            assert not message.image_base64
    assert failed.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    await watch.until("running", 0, seconds=3)
