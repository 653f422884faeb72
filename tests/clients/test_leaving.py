"""A client that leaves frees its place at the next step."""

from __future__ import annotations

import asyncio

import pytest
from generation_client import AsyncClient, Client, ImageOptions, TextOptions

from tests.faults.drops import Drops
from tests.grpc.images import EngineWatch
from tests.stack import Stack

STORY = "Tell me a very long story."
LONG: TextOptions = {"max_tokens": 2000, "repetition_penalty": 2.0}
SLOW: ImageOptions = {"width": 512, "height": 512, "num_inference_steps": 150}


async def test_closing_a_stream_of_text_frees_its_place(client: Client, stack: Stack) -> None:
    drops = await Drops.since_now(stack.service, most=2)
    stream = client.stream_text(STORY, **LONG)
    for _ in range(3):
        await asyncio.to_thread(next, stream)
    stream.close()
    await drops.all_within_a_step(1, seconds=30)
    assert list(stream) == []


async def test_leaving_the_block_of_an_async_stream_frees_its_place(
    async_client: AsyncClient, stack: Stack
) -> None:
    drops = await Drops.since_now(stack.service, most=2)
    async with async_client.stream_text(STORY, **LONG) as stream:
        await anext(stream)
    await drops.all_within_a_step(1, seconds=30)
    assert [piece async for piece in stream] == []


async def test_a_stream_that_is_thrown_away_frees_its_place(client: Client, stack: Stack) -> None:
    watch = await EngineWatch.begin(stack.service)
    stream = client.stream_image("A cat", **SLOW)
    await asyncio.to_thread(next, stream)
    await watch.until_steps(3)
    del stream
    await watch.all_dropped_within_a_step(1)


async def test_an_image_is_left_while_a_thread_waits_for_its_news(client: Client, stack: Stack) -> None:
    watch = await EngineWatch.begin(stack.service)
    stream = client.stream_image("A cat", **SLOW)
    reading = asyncio.create_task(asyncio.to_thread(list, stream))
    await watch.until_steps(3)
    stream.close()
    await watch.all_dropped_within_a_step(1)
    await reading
    with pytest.raises(RuntimeError, match="not been read to its end"):
        _ = stream.result


async def test_another_task_closes_an_async_stream(async_client: AsyncClient, stack: Stack) -> None:
    watch = await EngineWatch.begin(stack.service)
    stream = async_client.stream_image("A cat", **SLOW)

    async def read() -> int:
        return len([news async for news in stream])

    reading = asyncio.create_task(read())
    await watch.until_steps(3)
    stream.close()
    await watch.all_dropped_within_a_step(1)
    assert await reading >= 1


@pytest.mark.parametrize("streaming", [True, False])
async def test_cancelling_a_task_cancels_its_call(
    async_client: AsyncClient, stack: Stack, streaming: bool
) -> None:
    watch = await EngineWatch.begin(stack.service)

    async def paint() -> None:
        if streaming:
            async for _ in async_client.stream_image("A cat", **SLOW):
                pass
        else:
            await async_client.image("A cat", **SLOW)

    task = asyncio.create_task(paint())
    await watch.until_steps(3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await watch.all_dropped_within_a_step(1)


async def test_closing_the_client_cancels_what_runs(stack: Stack) -> None:
    watch = await EngineWatch.begin(stack.service)
    async with AsyncClient(stack.grpc_address) as client:
        stream = client.stream_image("A cat", **SLOW)
        await anext(stream)
        await watch.until_steps(3)
    await watch.all_dropped_within_a_step(1)


def test_a_stream_that_was_closed_first_never_starts(client: Client) -> None:
    stream = client.stream_text(STORY)
    stream.close()
    assert list(stream) == []
