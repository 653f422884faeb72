"""An image engine that runs out of memory: what does not fit is tried smaller, or told so in words."""

from __future__ import annotations  # the async stub exists for type checkers only

import asyncio
import base64
import resource
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import httpx
import psutil
import pytest
import pytest_asyncio
from PIL import Image

from generation.v1 import generation_pb2 as pb
from tests.faults import shortage
from tests.faults.engines import engine_process
from tests.faults.pictures import paint
from tests.faults.refusals import EDIT, IMAGE, PICTURES, Refusal, refusal
from tests.image_files import encode
from tests.rest.client import detail_of, events
from tests.stack import Stack, running_stack, stub

if TYPE_CHECKING:
    from generation.v1.generation_pb2_grpc import GenerationAsyncStub

MIB = 2**20
PLACES = {
    "admission": shortage.ADMISSION,
    "step": shortage.STEP,
    "decode": shortage.DECODE,
    "encode": shortage.ENCODE,
}
CASES = [(method, place) for method in PICTURES for place in PLACES if place != "encode" or method in EDIT]
PATHS = {
    "/image/generate": "GenerateImage",
    "/image/edit": "EditImage",
    "/video/generate-frames": "GenerateFrames",
    "/image/stream": "StreamImage",
    "/image/edit/stream": "StreamEdit",
    "/video/stream-frames": "StreamFrames",
}
TOLD = "the image engine has not enough memory for this request, even alone: reduce the width and height"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def short(tmp_path_factory: pytest.TempPathFactory, made_up_image_model: Path) -> AsyncIterator[Stack]:
    """A stack whose image engine runs out of memory over images of some widths."""
    async with AsyncExitStack() as exits:
        with pytest.MonkeyPatch.context() as patch:
            # The folder that has the injection, and that of this repository.
            for folder in (Path(), Path(shortage.__file__).parent):
                patch.setenv("PYTHONPATH", str(folder.resolve()), prepend=":")
            folder = tmp_path_factory.mktemp("short")
            stack = running_stack(folder, image_model=str(made_up_image_model), image_batch=4)
            running = await exits.enter_async_context(stack)
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def generation(short: Stack) -> AsyncIterator[GenerationAsyncStub]:
    async with short.service.channel() as channel:
        yield stub(channel)


def wide(method: str, width: int) -> dict[str, object]:
    """The fields of a request for a picture of `width` x 64 pixels."""
    size: dict[str, object] = {"width": width, "height": 64}
    if method in EDIT:
        size = {"image_base64": encode(Image.new("RGB", (width, 64), "red"), "PNG")}
    return {"num_inference_steps": 4} | size


@contextmanager
def memory_limited(process: psutil.Process, more: int) -> Iterator[None]:
    """Lets a process have only so many bytes more than it has."""
    old = resource.prlimit(process.pid, resource.RLIMIT_AS)
    resource.prlimit(process.pid, resource.RLIMIT_AS, (process.memory_info().vms + more, old[1]))
    try:
        yield
    finally:
        resource.prlimit(process.pid, resource.RLIMIT_AS, old)


@pytest.mark.parametrize(("method", "place"), CASES)
async def test_fault_03_a_request_that_cannot_fit_is_told_so_and_the_next_one_is_answered(
    generation: GenerationAsyncStub, method: str, place: str
) -> None:
    refused = await refusal(generation, method, **wide(method, PLACES[place]))
    assert refused == Refusal(grpc.StatusCode.INTERNAL, "OUT_OF_MEMORY", TOLD, {})
    assert (await paint(generation, method)).files


@pytest.mark.parametrize("path", PATHS)
async def test_fault_03_a_request_that_cannot_fit_is_told_so_over_rest(short: Stack, path: str) -> None:
    asked = {"prompt": "a cat", **wide(PATHS[path], shortage.STEP)}
    if isinstance(image := asked.get("image_base64"), bytes):
        asked["image_base64"] = base64.b64encode(image).decode()
    async with httpx.AsyncClient(base_url=short.rest_url, timeout=60, trust_env=False) as client:
        if "stream" not in path:
            assert detail_of(await client.post(path, json=asked), 500) == TOLD
            return
        async with client.stream("POST", path, json=asked) as response:
            *_, last = [event async for event in events(response)]
    assert last == {"finish_reason": "error", "detail": TOLD}


async def test_fault_03_requests_that_do_not_fit_together_are_painted_apart(
    short: Stack, generation: GenerationAsyncStub
) -> None:
    wanted = wide("GenerateImage", shortage.TOGETHER) | {"seed": 1}
    alone = await paint(generation, "GenerateImage", **wanted)
    longer = pb.GenerateImageRequest(
        prompt="a cat", width=shortage.TOGETHER, height=64, num_inference_steps=150
    )
    stream = generation.StreamImage(longer)
    async for message in stream:
        if message.step:
            break
    # What has fewer steps left goes first, and takes the longer one's steps along with its own.
    assert await paint(generation, "GenerateImage", **wanted) == alone
    assert "a step of 2 requests does not fit the memory" in short.service.log
    async for message in stream:
        last = message
    assert last.finish_reason == "stop"


async def test_fault_03_one_that_does_not_fit_beside_others_waits_for_them_and_they_never_notice(
    short: Stack, generation: GenerationAsyncStub
) -> None:
    wanted = {"num_inference_steps": 60, "seed": 2}
    alone = await paint(generation, "StreamImage", **wanted)
    beside = asyncio.ensure_future(paint(generation, "StreamImage", **wanted))
    while not await short.service.metric("generation_engine_running.*image.*"):
        await asyncio.sleep(0.01)
    late = await refusal(generation, "StreamImage", **wide("StreamImage", shortage.ADMISSION))
    assert late.reason == "OUT_OF_MEMORY"
    assert await short.service.metric("generation_engine_running.*image.*") == 0
    assert await beside == alone


@pytest.mark.parametrize("method", IMAGE)
async def test_fault_03_an_image_that_cannot_be_decoded_at_once_is_decoded_in_tiles(
    short: Stack, generation: GenerationAsyncStub, method: str
) -> None:
    (image,) = (await paint(generation, method, **wide(method, shortage.TILED))).images
    assert image.size == (shortage.TILED, 64)
    assert "decoded in tiles: memory is short" in short.service.log


async def test_fault_03_memory_returns_to_its_base_line(
    short: Stack, generation: GenerationAsyncStub
) -> None:
    process = engine_process(short.service, "image")
    widths = (shortage.STEP, shortage.DECODE, shortage.ENCODE)
    for width in widths:
        await refusal(generation, "EditImage", **wide("EditImage", width))
    before = process.memory_info().rss
    for width in widths * 3:
        await refusal(generation, "EditImage", **wide("EditImage", width))
    assert process.memory_info().rss - before < shortage.BALLAST


@pytest.mark.parametrize("more", [30, 150, 300])
async def test_fault_03_a_process_that_may_have_no_more_memory_says_so_or_makes_do(
    short: Stack, generation: GenerationAsyncStub, more: int
) -> None:
    await paint(generation, "GenerateImage")
    process = engine_process(short.service, "image")
    with memory_limited(process, more * MIB):
        assert await size_or_told(generation, width=1024, height=1536) in ((1024, 1536), TOLD)
        assert (await paint(generation, "GenerateImage")).files
    assert engine_process(short.service, "image") == process


async def size_or_told(generation: GenerationAsyncStub, **fields: object) -> tuple[int, int] | str | None:
    """The size of an image; what is told of why there is none."""
    try:
        return (await paint(generation, "GenerateImage", **fields)).images[0].size
    except grpc.aio.AioRpcError as error:
        return error.details()
