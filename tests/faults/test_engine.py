"""Faults of the engine process. Each test breaks a service of its own."""

from __future__ import annotations  # the async stub exists for type checkers only

import os
import signal
import time
from pathlib import Path

import grpc
import httpx
import pytest

from generation.v1 import generation_pb2 as pb
from tests.stack import running_service, running_stack, stub

LONG = pb.GenerateTextRequest(prompt="Tell me a very long story.", max_tokens=2000, seed=1)


async def test_fault_01_a_killed_engine_fails_its_requests_at_once_and_comes_back(tmp_path: Path) -> None:
    async with running_service(tmp_path / "log") as service, service.channel() as channel:
        streams = [aiter(stub(channel).StreamText(LONG)) for _ in range(4)]
        for stream in streams:
            await anext(stream)
        (pid,) = service.engine_pids()
        os.kill(pid, signal.SIGKILL)
        killed = time.monotonic()
        for stream in streams:
            with pytest.raises(grpc.aio.AioRpcError) as failed:
                async for message in stream:
                    last = message
            assert failed.value.code() == grpc.StatusCode.UNAVAILABLE
            assert last.finish_reason == "error"
        seconds = time.monotonic() - killed
        print(f"4 requests got UNAVAILABLE {seconds * 1000:.0f} ms after SIGKILL")
        assert seconds < 2.0  # promised: 1 s
        assert await service.health("") == "SERVING"
        await service.until("NOT_SERVING", seconds=2)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub(channel).GenerateText(LONG)
        assert refused.value.code() == grpc.StatusCode.UNAVAILABLE
        assert "retry-after" in dict(refused.value.trailing_metadata() or ())
        await service.until("SERVING")
        answer = await stub(channel).GenerateText(pb.GenerateTextRequest(prompt="Hi", max_tokens=2))
        assert answer.completion_tokens > 0
        assert await service.metric("generation_engine_restarts_total.*") == 1


async def test_a_bad_request_is_refused_as_such_while_the_engine_is_down(tmp_path: Path) -> None:
    async with running_service(tmp_path / "log") as service, service.channel() as channel:
        os.kill(service.engine_pids()[0], signal.SIGKILL)
        await service.until("NOT_SERVING", seconds=2)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub(channel).GenerateText(pb.GenerateTextRequest(prompt=" "))
        assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT


async def test_a_hanging_engine_is_ended_and_comes_back(tmp_path: Path) -> None:
    async with running_service(tmp_path / "log", watchdog_s=4) as service, service.channel() as channel:
        stream = aiter(stub(channel).StreamText(LONG))
        await anext(stream)
        (pid,) = service.engine_pids()
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            async for _ in stream:
                pass
        assert failed.value.code() == grpc.StatusCode.UNAVAILABLE
        await service.until("SERVING")


async def test_fault_39_a_failure_inside_a_rest_stream_ends_it_with_an_error_event(tmp_path: Path) -> None:
    async with running_stack(tmp_path) as stack, httpx.AsyncClient(timeout=30) as client:
        asked = {"prompt": "Tell me a very long story.", "max_tokens": 2000}
        async with client.stream("POST", f"{stack.rest_url}/text/stream", json=asked) as response:
            lines = response.aiter_lines()
            assert (await anext(lines)).startswith("data: ")
            os.kill(stack.service.engine_pids()[0], signal.SIGKILL)
            events = [line async for line in lines if line]
        assert response.status_code == 200
        assert '"finish_reason":"error"' in events[-1]
        assert '"detail":"the text engine' in events[-1]
