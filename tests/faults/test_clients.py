"""Clients that leave: cancelled, killed, closed, vanished. Their slots are free within a step."""

from __future__ import annotations  # the async stub exists for type checkers only

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import grpc
import httpx
import pytest
import pytest_asyncio

from generation.v1 import generation_pb2 as pb
from tests.faults.black_hole import black_hole
from tests.faults.drops import Drops
from tests.stack import Stack, running_stack, stub

if TYPE_CHECKING:
    from generation.v1.generation_pb2_grpc import GenerationAsyncStub

LONG = pb.GenerateTextRequest(prompt="Tell me a very long story.", max_tokens=3000, temperature=0)
KEEPALIVE_S = 1.0


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def small(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """A stack of two slots, so that a third request waits."""
    settings = {"max_running": 2, "keepalive_s": KEEPALIVE_S, "keepalive_timeout_s": KEEPALIVE_S}
    async with running_stack(tmp_path_factory.mktemp("small"), **settings) as stack:
        yield stack


async def begin(
    generation: GenerationAsyncStub,
) -> grpc.aio.UnaryStreamCall[pb.GenerateTextRequest, pb.StreamTextResponse]:
    """A long stream whose first piece has come."""
    call = generation.StreamText(LONG)
    await call.read()
    return call


async def test_fault_24_a_cancelled_stream_leaves_the_batch_within_a_step(small: Stack) -> None:
    drops = await Drops.since_now(small.service)
    async with small.service.channel() as channel:
        call = await begin(stub(channel))
        call.cancel()
        await drops.all_within_a_step(1)


async def test_fault_24_a_cancelled_unary_call_leaves_the_batch_within_a_step(small: Stack) -> None:
    drops = await Drops.since_now(small.service)
    async with small.service.channel() as channel:
        call = stub(channel).GenerateText(LONG)
        while not await small.service.metric("generation_engine_running.*"):
            await asyncio.sleep(0.02)
        call.cancel()
        await drops.all_within_a_step(1)


async def test_fault_24_a_cancelled_request_in_the_queue_never_starts(small: Stack) -> None:
    drops = await Drops.since_now(small.service)
    async with small.service.channel() as channel:
        running = [await begin(stub(channel)) for _ in range(2)]
        queued = stub(channel).StreamText(LONG)
        while not await small.service.metric("generation_engine_waiting.*"):
            await asyncio.sleep(0.02)
        queued.cancel()
        while await small.service.metric("generation_engine_waiting.*"):
            await asyncio.sleep(0.02)
        assert await small.service.metric("generation_engine_running.*") == 2
        for call in running:
            call.cancel()
        await drops.all_within_a_step(3)


async def test_fault_24_a_killed_client_leaves_the_batch_within_a_step(small: Stack) -> None:
    program = (
        "import grpc; from generation.v1 import generation_pb2 as pb, generation_pb2_grpc as rpc;"
        f"stub = rpc.GenerationStub(grpc.insecure_channel('{small.grpc_address}'));"
        "asked = pb.GenerateTextRequest(prompt='Tell me a very long story.', max_tokens=3000, temperature=0);"
        "[print('piece', flush=True) for _ in stub.StreamText(asked)]"
    )
    drops = await Drops.since_now(small.service)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as client:
        assert client.stdout
        await asyncio.to_thread(client.stdout.readline)
        client.kill()
    await drops.all_within_a_step(1)


async def test_fault_24_a_client_that_leaves_changes_nobody_elses_answer(small: Stack) -> None:
    asked = pb.GenerateTextRequest(prompt="Describe the moon.", seed=5, max_tokens=40)
    async with small.service.channel() as channel:
        generation = stub(channel)
        alone = await generation.GenerateText(asked)
        leaving = await begin(generation)
        text = ""
        async for piece in generation.StreamText(asked):
            text += piece.text
            leaving.cancel()
        assert text == alone.text


@pytest.mark.parametrize("path", ["/text/stream", "/text/generate"])
async def test_fault_24_a_closed_rest_client_leaves_the_batch_within_a_step(small: Stack, path: str) -> None:
    asked = {"prompt": "Tell me a very long story.", "max_tokens": 3000, "temperature": 0}
    drops = await Drops.since_now(small.service)
    async with httpx.AsyncClient(timeout=60) as client:
        call = asyncio.create_task(client.post(small.rest_url + path, json=asked))
        while not await small.service.metric("generation_engine_running.*"):
            await asyncio.sleep(0.02)
        call.cancel()
    await drops.all_within_a_step(1)


async def test_fault_25_a_client_whose_network_vanishes_frees_its_slot_within_the_keepalive_time(
    small: Stack,
) -> None:
    drops = await Drops.since_now(small.service)
    async with (
        black_hole(small.grpc_address) as proxy,
        grpc.aio.insecure_channel(proxy.address) as channel,
    ):
        call = await begin(stub(channel))
        proxy.swallow = True
        await drops.all_within_a_step(1, seconds=2 * KEEPALIVE_S + 3)
        call.cancel()


async def test_fault_26_a_deadline_shorter_than_the_wait_is_never_started(small: Stack) -> None:
    drops = await Drops.since_now(small.service)
    async with small.service.channel() as channel:
        generation = stub(channel)
        running = [await begin(generation) for _ in range(2)]
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await generation.GenerateText(LONG, timeout=0.5)
        assert failed.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        assert await small.service.metric("generation_engine_running.*") == 2
        for call in running:
            call.cancel()
        await drops.all_within_a_step(2)


async def test_a_deadline_that_passes_mid_way_is_told_over_rest(small: Stack) -> None:
    asked = {"prompt": "Tell me a very long story.", "max_tokens": 3000, "temperature": 0}
    async with httpx.AsyncClient(timeout=60) as client:
        response = await client.post(
            f"{small.rest_url}/text/generate", json=asked, headers={"grpc-timeout": "500m"}
        )
    assert response.status_code == 504
    assert response.json() == {"detail": "the deadline passed before the request was complete"}
