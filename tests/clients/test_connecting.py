"""What never started is tried again, what began is not."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from generation_client import AsyncClient, Client, DeadlineExceeded, ResourceExhausted, Unavailable

from tests.clients.stand_in import failing_server
from tests.ports import free_ports


def test_a_call_to_a_port_that_opens_late_is_answered() -> None:
    (port,) = free_ports(1)
    with Client(f"127.0.0.1:{port}", connect_timeout=30) as client, ThreadPoolExecutor() as threads:
        health = threads.submit(client.health)
        pieces = threads.submit(lambda: next(client.stream_text("Begin")))
        time.sleep(1.5)
        assert not health.done()
        with failing_server(port) as server:
            assert health.result(30).status == "ok"
            assert pieces.result(30) == "Once"
            assert server.calls == 1


async def test_an_async_call_to_a_port_that_opens_late_is_answered() -> None:
    (port,) = free_ports(1)
    async with AsyncClient(f"127.0.0.1:{port}", connect_timeout=30) as client:
        health = asyncio.create_task(client.health())
        await asyncio.sleep(1.5)
        assert not health.done()
        with failing_server(port):
            assert (await health).status == "ok"


def test_where_nobody_listens_the_call_ends_after_the_limit() -> None:
    (port,) = free_ports(1)
    with Client(f"127.0.0.1:{port}", connect_timeout=0.5) as client:
        began = time.monotonic()
        with pytest.raises(Unavailable, match=rf"cannot connect to 127\.0\.0\.1:{port} within 0\.5 s"):
            client.health()
        with pytest.raises(Unavailable):
            next(client.stream_text("Begin"))
        assert time.monotonic() - began < 10


async def test_where_nobody_listens_the_timeout_holds_for_connecting_too() -> None:
    (port,) = free_ports(1)
    async with AsyncClient(f"127.0.0.1:{port}", connect_timeout=60) as client:
        with pytest.raises(DeadlineExceeded, match="connected"):
            await client.health(timeout=0.3)


def test_a_call_that_the_service_refused_is_not_sent_again() -> None:
    (port,) = free_ports(1)
    with failing_server(port) as server, Client(f"127.0.0.1:{port}") as client:
        with pytest.raises(Unavailable, match="the engine is restarting"):
            client.text("Begin")
        assert server.calls == 1


def test_a_stream_that_began_is_not_started_again() -> None:
    (port,) = free_ports(1)
    with failing_server(port) as server, Client(f"127.0.0.1:{port}") as client:
        stream = client.stream_text("Begin")
        assert next(stream) == "Once"
        with pytest.raises(Unavailable, match="the engine ended"):
            next(stream)
        assert server.calls == 1
        with pytest.raises(RuntimeError, match="not been read to its end"):
            _ = stream.result


async def test_an_async_stream_that_began_is_not_started_again() -> None:
    (port,) = free_ports(1)
    with failing_server(port) as server:
        async with AsyncClient(f"127.0.0.1:{port}") as client:
            stream = client.stream_text("Begin")
            assert await anext(stream) == "Once"
            with pytest.raises(Unavailable, match="the engine ended"):
                await anext(stream)
        assert server.calls == 1


async def test_an_answer_may_be_larger_than_grpc_allows_by_itself() -> None:
    (port,) = free_ports(1)
    with failing_server(port) as server, Client(f"127.0.0.1:{port}") as client:
        server.models_dir = "x" * (5 << 20)  # the limit is 4 MiB elsewhere
        assert len((await asyncio.to_thread(client.health)).models_dir) == 5 << 20
        async with AsyncClient(f"127.0.0.1:{port}") as other:
            assert len((await other.health()).models_dir) == 5 << 20


def test_a_request_that_is_too_large_is_never_sent() -> None:
    (port,) = free_ports(1)
    with failing_server(port) as server, Client(f"127.0.0.1:{port}") as client:
        with pytest.raises(ResourceExhausted, match="larger than max"):
            client.text("x" * (65 << 20))
        assert server.calls == 0
