"""A client that closes, stops reading or vanishes from the network: its call is cancelled in the service."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.grpc.images import STAGES, EngineWatch
from tests.rest.client import events
from tests.rest.painting import PATHS, in_json
from tests.rest.upstream import Proxied, proxied_service
from tests.stack import Stack

SOON_S = 1.0


async def test_fault_24_a_closed_unary_request_is_cancelled(proxied: Proxied) -> None:
    async with httpx.AsyncClient(base_url=proxied.url, trust_env=False) as client:
        call = asyncio.ensure_future(client.post("/text/generate", json={"prompt": "a"}))
        await asyncio.wait_for(proxied.service.started.wait(), 10)
        call.cancel()
    await asyncio.wait_for(proxied.service.cancelled.wait(), SOON_S)


async def test_fault_24_a_closed_stream_is_cancelled(proxied: Proxied) -> None:
    async with (
        httpx.AsyncClient(base_url=proxied.url, trust_env=False) as client,
        client.stream("POST", "/text/stream", json={"prompt": "a"}) as response,
    ):
        assert await anext(events(response)) == {"text": "a"}
    await asyncio.wait_for(proxied.service.cancelled.wait(), SOON_S)


@pytest.mark.parametrize("streamed", [False, True], ids=["unary", "streamed"])
@pytest.mark.parametrize("stage", STAGES)
async def test_fault_24_a_painting_nobody_waits_for_stops_within_a_step(
    stack: Stack, stage: str, streamed: bool
) -> None:
    request, steps = STAGES[stage]
    watch = await EngineWatch.begin(stack.service)
    async with httpx.AsyncClient(base_url=stack.rest_url, timeout=60, trust_env=False) as client:
        path = PATHS[type(request)][streamed]
        call = asyncio.ensure_future(client.post(path, json=in_json(request)))
        await watch.until_steps(steps)
        call.cancel()
    await watch.all_dropped_within_a_step(1)


async def test_fault_24_frames_that_are_left_after_the_first_stop_within_a_step(stack: Stack) -> None:
    watch = await EngineWatch.begin(stack.service)
    asked = {"prompt": "a", "width": 512, "height": 512, "num_frames": 9, "num_inference_steps": 5}
    async with (
        httpx.AsyncClient(base_url=stack.rest_url, timeout=60, trust_env=False) as client,
        client.stream("POST", "/video/stream-frames", json=asked) as response,
    ):
        async for event in events(response):
            if "frame" in event:
                break
    await watch.all_dropped_within_a_step(1)


async def test_fault_12_a_reader_that_stops_reading_is_cancelled(impatient: Proxied) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", impatient.addresses.ports[0])
    body = json.dumps({"prompt": "x" * 100_000}).encode()
    writer.write(b"POST /text/stream HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
    await reader.readuntil(b"\r\n\r\n")
    reader_transport = writer.transport
    assert isinstance(reader_transport, asyncio.ReadTransport)
    reader_transport.pause_reading()
    await asyncio.wait_for(impatient.service.cancelled.wait(), 30)
    writer.close()


async def test_fault_25_an_http2_client_behind_a_dead_network_is_cancelled(impatient: Proxied) -> None:
    async with black_hole(impatient.addresses.ports[0]) as (port, swallow):
        client = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", http1=False, http2=True, trust_env=False, timeout=60
        )
        call = asyncio.ensure_future(client.post("/text/generate", json={"prompt": "a"}))
        await asyncio.wait_for(impatient.service.started.wait(), 10)
        swallow.set()
        await asyncio.wait_for(impatient.service.cancelled.wait(), 10)
        call.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await call


@contextlib.asynccontextmanager
async def black_hole(target: int) -> AsyncIterator[tuple[int, asyncio.Event]]:
    """A relay to a port; once the event is set it keeps its connections and passes nothing on."""
    swallow = asyncio.Event()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            if not swallow.is_set():
                writer.write(data)

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", target)
        with contextlib.suppress(OSError):
            await asyncio.gather(pass_on(reader, far_writer), pass_on(far_reader, writer))
        writer.close()
        far_writer.close()

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], swallow
    finally:
        server.close()


async def test_the_log_says_what_was_called_and_never_the_prompt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "envoy.log"
    async with proxied_service(log) as proxied:
        proxied.service.released.set()
        async with httpx.AsyncClient(base_url=proxied.url, trust_env=False) as client:
            await client.post("/text/generate", json={"prompt": "a secret plan"})
            await client.post("/text/generate?prompt=a+secret+plan", json={"max_tokens": "a secret plan"})
            await client.get("/nope?prompt=a+secret+plan")
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    assert [(line["method"], line["path"], line["status"]) for line in lines] == [
        ("POST", "/text/generate", 200),
        ("POST", "/text/generate", 400),
        ("GET", "/nope", 404),
    ]
    assert "secret" not in log.read_text()
