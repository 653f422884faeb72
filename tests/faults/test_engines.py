"""Two engines beside each other: one is killed, the other's requests never notice, both come back."""

from __future__ import annotations  # the async stub exists for type checkers only

import asyncio
import base64
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import httpx
import pytest
import pytest_asyncio
from PIL import Image

from generation.v1 import generation_pb2 as pb
from tests.faults.engines import engine_process
from tests.faults.pictures import paint
from tests.faults.refusals import EDIT, FRAMES, IMAGE, PICTURES, Refusal, refusal
from tests.image_files import encode
from tests.rest.client import events
from tests.stack import Stack, running_stack, stub

if TYPE_CHECKING:
    from generation.v1.generation_pb2_grpc import GenerationAsyncStub

STORY = pb.GenerateTextRequest(prompt="Tell me a very long story.", max_tokens=50, temperature=0)
LONG: dict[str, object] = {"num_inference_steps": 150}
UPLOAD = encode(Image.new("RGB", (256, 256), "red"), "PNG")
STREAMS: dict[str, dict[str, object]] = {
    "/image/stream": {"width": 256, "height": 256},
    "/image/edit/stream": {"image_base64": base64.b64encode(UPLOAD).decode()},
    "/video/stream-frames": {"width": 256, "height": 256},
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def both(tmp_path_factory: pytest.TempPathFactory, image_model: Path) -> AsyncIterator[Stack]:
    """A stack with both engines."""
    async with running_stack(tmp_path_factory.mktemp("both"), image_model=str(image_model)) as stack:
        yield stack


@pytest_asyncio.fixture(loop_scope="session")
async def generation(both: Stack) -> AsyncIterator[GenerationAsyncStub]:
    """A stub on it, once what an earlier test killed is back."""
    for name in ("/text", "/image"):
        await both.service.until("SERVING", name)
    async with both.service.channel() as channel:
        yield stub(channel)


async def restarts(stack: Stack, engine: str) -> float:
    return await stack.service.metric(rf'generation_engine_restarts_total\{{engine="{engine}"\}}')


async def until_running(stack: Stack, count: int) -> None:
    """Waits until the image engine works on as many requests."""
    while await stack.service.metric(r'generation_engine_running\{engine="image"\}') < count:
        await asyncio.sleep(0.02)


async def test_fault_01_a_killed_image_engine_fails_its_calls_at_once_and_text_never_notices(
    both: Stack, generation: GenerationAsyncStub
) -> None:
    alone = await generation.GenerateText(STORY)
    before = await paint(generation, "GenerateImage", seed=1)
    restarted = {name: await restarts(both, name) for name in ("text", "image")}
    sizes: dict[str, dict[str, object]] = {
        method: {"image_base64": UPLOAD} if "Edit" in method else {"width": 256, "height": 256}
        for method in PICTURES
    }
    calls = [
        asyncio.ensure_future(refusal(generation, method, **LONG, **sizes[method])) for method in PICTURES
    ]
    await until_running(both, len(calls))
    story = aiter(generation.StreamText(STORY))
    first = await anext(story)
    engine_process(both.service, "image").kill()
    killed = time.monotonic()
    for refused in await asyncio.gather(*calls):
        told = "the image engine stopped and is being restarted"
        assert refused == Refusal(grpc.StatusCode.UNAVAILABLE, "UNAVAILABLE", told, {})
    assert time.monotonic() - killed < 2.0  # promised: 1 s
    await both.service.until("NOT_SERVING", "/image", seconds=2)
    assert await both.service.health("") == await both.service.health("/text") == "SERVING"
    assert (await refusal(generation, "GenerateImage")).code == grpc.StatusCode.UNAVAILABLE
    assert first.text + "".join([piece.text async for piece in story]) == alone.text
    await both.service.until("SERVING", "/image")
    assert await paint(generation, "GenerateImage", seed=1) == before
    assert await restarts(both, "image") == restarted["image"] + 1
    assert await restarts(both, "text") == restarted["text"]


async def test_fault_01_a_killed_text_engine_fails_its_calls_at_once_and_pictures_never_notice(
    both: Stack, generation: GenerationAsyncStub
) -> None:
    streams = IMAGE[1], EDIT[1], FRAMES[1]
    alone = [await paint(generation, method, **LONG, seed=1) for method in streams]
    restarted = await restarts(both, "image")
    story = aiter(generation.StreamText(STORY))
    await anext(story)
    calls = [asyncio.ensure_future(paint(generation, method, **LONG, seed=1)) for method in streams]
    await until_running(both, len(calls))
    engine_process(both.service, "text").kill()
    killed = time.monotonic()
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        async for _ in story:
            pass
    assert failed.value.code() == grpc.StatusCode.UNAVAILABLE
    assert time.monotonic() - killed < 2.0  # promised: 1 s
    await both.service.until("NOT_SERVING", "/text", seconds=2)
    assert await both.service.health("/image") == "SERVING"
    assert await asyncio.gather(*calls) == alone
    await both.service.until("SERVING", "/text")
    answer = await generation.GenerateText(pb.GenerateTextRequest(prompt="Hi", max_tokens=2))
    assert answer.completion_tokens > 0
    assert await restarts(both, "image") == restarted


async def test_fault_39_a_failure_inside_rest_streams_of_pictures_ends_each_with_an_error_event(
    both: Stack, generation: GenerationAsyncStub
) -> None:
    async with httpx.AsyncClient(base_url=both.rest_url, timeout=60, trust_env=False) as client:
        calls = [asyncio.ensure_future(all_events(client, path)) for path in STREAMS]
        await until_running(both, len(calls))
        engine_process(both.service, "image").kill()
        for heard in await asyncio.gather(*calls):
            assert heard[0].keys() == {"queue_position", "estimated_seconds"}
            told = "the image engine stopped and is being restarted"
            assert heard[-1] == {"finish_reason": "error", "detail": told}


async def all_events(client: httpx.AsyncClient, path: str) -> list[dict[str, Any]]:
    asked = {"prompt": "a cat", **LONG, **STREAMS[path]}
    async with client.stream("POST", path, json=asked) as response:
        assert response.status_code == 200
        return [event async for event in events(response)]
