"""Clients that leave while pictures wait or are painted: their work ends within a step, others go on."""

from __future__ import annotations  # the async stub exists for type checkers only

import asyncio
import base64
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import httpx
import pytest
import pytest_asyncio
from PIL import Image

from tests.faults.black_hole import black_hole
from tests.faults.drops import Drops
from tests.faults.pictures import paint
from tests.faults.refusals import EDIT, FRAMES, IMAGE, PICTURES, request
from tests.image_files import encode
from tests.stack import Service, Stack, running_stack, stub

KEEPALIVE_S = 1.0
SIDE = 1024
UPLOAD = encode(Image.new("RGB", (SIDE, SIDE), "red"), "PNG")
LARGE: dict[tuple[str, ...], dict[str, object]] = {
    IMAGE: {"width": SIDE, "height": SIDE},
    EDIT: {"image_base64": UPLOAD},
    FRAMES: {"width": SIDE, "height": SIDE},
}
# What to call, after how many steps of the engine it is in the middle of the stage, and how many more
# it may then take: a layer of the autoencoder is a step of its own, and a short one.
STAGES = {
    "encode": (EDIT, {"num_inference_steps": 150}, 2, 2),
    "denoise": (IMAGE, {"num_inference_steps": 150}, 3, 1),
    "denoise an edit": (EDIT, {"num_inference_steps": 150}, 16, 1),
    "denoise frames": (FRAMES, {"num_inference_steps": 150}, 3, 1),
    "decode": (IMAGE, {"num_inference_steps": 1}, 4, 2),
    "decode frames": (FRAMES, {"num_inference_steps": 1}, 4, 2),
}
PATHS = {
    "/image/generate": IMAGE,
    "/image/stream": IMAGE,
    "/image/edit": EDIT,
    "/image/edit/stream": EDIT,
    "/video/generate-frames": FRAMES,
    "/video/stream-frames": FRAMES,
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def easel(tmp_path_factory: pytest.TempPathFactory, image_model: Path) -> AsyncIterator[Stack]:
    """A stack that paints one large image at a time, so that a second one waits."""
    settings: dict[str, str | int | float] = {
        "image_model": str(image_model),
        "running_pixels": SIDE * SIDE,
        "keepalive_s": KEEPALIVE_S,
        "keepalive_timeout_s": KEEPALIVE_S,
    }
    async with running_stack(tmp_path_factory.mktemp("easel"), **settings) as stack:
        yield stack


def begin(channel: grpc.aio.Channel, method: str, **fields: object) -> grpc.aio.Call:
    """A call for a large picture that takes long."""
    (large,) = (fields for methods, fields in LARGE.items() if method in methods)
    asked = request(method, **{"num_inference_steps": 150} | large | fields)
    call: grpc.aio.Call = getattr(stub(channel), method)(asked)
    return call


async def steps(service: Service) -> float:
    """The steps that requests for pictures have taken, each counted for itself."""
    return await service.metric(r'generation_engine_batch_requests_sum\{engine="image"\}')


async def until(service: Service, sample: str, value: float = 1) -> None:
    """Waits until a metric of the image engine is as large."""
    while await service.metric(rf'generation_engine_{sample}\{{engine="image"\}}') < value:
        await asyncio.sleep(0.01)


@asynccontextmanager
async def busy(service: Service) -> AsyncIterator[None]:
    """Paints an image all the while, with no room for a second one."""
    async with service.channel() as channel:
        call = begin(channel, "StreamImage")
        await until(service, "running")
        yield
        assert await service.metric("generation_engine_running.*") == 1
        call.cancel()


@pytest.mark.parametrize("streamed", [False, True], ids=["unary", "stream"])
@pytest.mark.parametrize(("methods", "fields", "count", "most"), STAGES.values(), ids=STAGES)
async def test_fault_24_a_cancelled_picture_leaves_the_engine_within_a_step(
    easel: Stack, methods: tuple[str, str], fields: dict[str, object], count: int, most: int, streamed: bool
) -> None:
    drops, before = await Drops.since_now(easel.service, most), await steps(easel.service)
    async with easel.service.channel() as channel:
        call = begin(channel, methods[streamed], **fields)
        await until(easel.service, "batch_requests_sum", before + count)
        call.cancel()
        await drops.all_within_a_step(1)


@pytest.mark.parametrize("method", PICTURES)
async def test_fault_24_a_cancelled_picture_in_the_queue_is_never_started(easel: Stack, method: str) -> None:
    drops = await Drops.since_now(easel.service)
    async with busy(easel.service), easel.service.channel() as channel:
        queued = begin(channel, method)
        await until(easel.service, "waiting")
        queued.cancel()
        while await easel.service.metric("generation_engine_waiting.*"):
            await asyncio.sleep(0.02)
    await drops.all_within_a_step(2)


async def test_fault_24_a_killed_client_of_a_picture_leaves_the_engine_within_a_step(easel: Stack) -> None:
    program = (
        "import grpc; from generation.v1 import generation_pb2 as pb, generation_pb2_grpc as rpc;"
        f"stub = rpc.GenerationStub(grpc.insecure_channel('{easel.grpc_address}'));"
        f"asked = pb.GenerateImageRequest(prompt='a', width={SIDE}, height={SIDE}, preview_every=1);"
        "[print('news', flush=True) for _ in stub.StreamImage(asked)]"
    )
    drops = await Drops.since_now(easel.service)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as client:
        assert client.stdout
        for _ in range(3):
            await asyncio.to_thread(client.stdout.readline)
        client.kill()
    await drops.all_within_a_step(1)


@pytest.mark.parametrize("path", PATHS)
async def test_fault_24_a_closed_rest_client_of_a_picture_leaves_the_engine_within_a_step(
    easel: Stack, path: str
) -> None:
    asked = {"prompt": "a cat", "num_inference_steps": 150} | LARGE[PATHS[path]]
    if "image_base64" in asked:
        asked["image_base64"] = base64.b64encode(UPLOAD).decode()
    drops = await Drops.since_now(easel.service)
    async with httpx.AsyncClient(base_url=easel.rest_url, timeout=60, trust_env=False) as client:
        call = asyncio.create_task(client.post(path, json=asked))
        await until(easel.service, "running")
        call.cancel()
    await drops.all_within_a_step(1)


@pytest.mark.parametrize("method", ["StreamImage", "StreamEdit", "StreamFrames"])
async def test_fault_24_clients_that_leave_change_nobody_elses_picture(easel: Stack, method: str) -> None:
    async with easel.service.channel() as channel:
        alone = await paint(stub(channel), method, num_inference_steps=40, seed=3)
        leaving = [begin(channel, other, width=512, height=512) for other in IMAGE]
        await until(easel.service, "running", 2)
        mine = asyncio.ensure_future(paint(stub(channel), method, num_inference_steps=40, seed=3))
        for call in leaving:
            before = await steps(easel.service)
            await until(easel.service, "batch_requests_sum", before + 5)
            call.cancel()
        assert await mine == alone


@pytest.mark.parametrize("method", ["GenerateImage", "StreamImage", "StreamFrames"])
async def test_fault_25_a_picture_for_a_vanished_network_frees_its_slot_within_the_keepalive_time(
    easel: Stack, method: str
) -> None:
    drops = await Drops.since_now(easel.service)
    async with (
        black_hole(easel.grpc_address) as proxy,
        grpc.aio.insecure_channel(proxy.address) as channel,
    ):
        call = begin(channel, method, preview_every=1)
        before = await steps(easel.service)
        await until(easel.service, "batch_requests_sum", before + 3)
        proxy.swallow = True
        await drops.all_within_a_step(1, seconds=2 * KEEPALIVE_S + 3)
        call.cancel()


@pytest.mark.parametrize("path", ["/image/generate", "/image/stream"])
async def test_fault_26_a_deadline_shorter_than_the_wait_for_a_picture(easel: Stack, path: str) -> None:
    told = "the deadline passed before the request was complete"
    drops = await Drops.since_now(easel.service)
    asked = {"prompt": "a cat", "width": SIDE, "height": SIDE}
    async with (
        busy(easel.service),
        httpx.AsyncClient(base_url=easel.rest_url, timeout=60, trust_env=False) as client,
    ):
        response = await client.post(path, json=asked, headers={"grpc-timeout": "500m"})
        assert response.status_code == (200 if "stream" in path else 504)
        last = response.text.strip().rsplit("data: ", 1)[-1]
        assert re.search(rf'"detail": ?"{told}"', last), last
        while await easel.service.metric("generation_engine_waiting.*"):
            await asyncio.sleep(0.02)
    await drops.all_within_a_step(2)
