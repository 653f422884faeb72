"""Faults of the server's life: floods, signals, taken ports, missing weights, garbage."""

from __future__ import annotations  # the async stub exists for type checkers only

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TypeAlias

import grpc
import psutil
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from generation.v1 import generation_pb2 as pb
from tests.ports import free_ports
from tests.stack import MODELS_DIR, Stack, running_service, stub

LONG = pb.GenerateTextRequest(prompt="Tell me a very long story.", max_tokens=3000, temperature=0)
RawCall: TypeAlias = "grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]"
EMBEDDED = "smollm2-135m-instruct"


async def code_of(
    call: grpc.aio.UnaryUnaryCall[pb.GenerateTextRequest, pb.GenerateTextResponse],
) -> grpc.StatusCode:
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK


def start_and_fail(*flags: str) -> tuple[int, str]:
    """The exit code and the output of a service that is expected to refuse its start."""
    port, metrics_port = free_ports(2)
    defaults = [f"--port={port}", f"--metrics-port={metrics_port}", f"--models-dir={MODELS_DIR}"]
    done = subprocess.run(
        [sys.executable, "-m", "service", *defaults, *flags], capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stdout + done.stderr


async def test_fault_11_a_flood_is_refused_quickly_with_an_honest_delay_and_the_admitted_complete(
    tmp_path: Path,
) -> None:
    short = pb.GenerateTextRequest(prompt="Hi", max_tokens=10)
    admitted = pb.GenerateTextRequest(prompt=LONG.prompt, max_tokens=100, temperature=0)
    async with (
        running_service(tmp_path / "log", max_running=2, max_waiting=2) as service,
        service.channel() as channel,
    ):
        generation = stub(channel)
        await generation.GenerateText(short)
        calls = [asyncio.ensure_future(code_of(generation.GenerateText(admitted))) for _ in range(4)]
        while await service.metric("generation_engine_waiting.*") != 2:
            await asyncio.sleep(0.02)
        for _ in range(40):
            began = time.monotonic()
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await generation.GenerateText(short)
            assert time.monotonic() - began < 0.5
            assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
            retry = error_details_pb2.RetryInfo()
            assert rpc_status.from_call(refused.value).details[0].Unpack(retry)
            assert 0 < retry.retry_delay.ToMilliseconds() <= 60_000
        assert await service.health("") == "SERVING"
        assert await asyncio.gather(*calls) == [grpc.StatusCode.OK] * 4
        assert (await generation.GenerateText(short)).completion_tokens > 0


async def test_fault_27_a_stop_under_load_refuses_new_calls_and_finishes_those_in_flight(
    tmp_path: Path,
) -> None:
    asked = pb.GenerateTextRequest(prompt="Tell me a long story.", max_tokens=60, temperature=1.5)
    async with running_service(tmp_path / "log") as service, service.channel() as channel:
        in_flight = asyncio.ensure_future(code_of(stub(channel).GenerateText(asked)))
        while not await service.metric("generation_engine_running.*"):
            await asyncio.sleep(0.02)
        service.process.send_signal(signal.SIGTERM)
        await service.until("NOT_SERVING", name="", seconds=2)
        assert await code_of(stub(channel).GenerateText(asked)) == grpc.StatusCode.UNAVAILABLE
        assert (await stub(channel).GetHealth(pb.GetHealthRequest())).status == "degraded"
        assert await in_flight == grpc.StatusCode.OK
        assert await asyncio.to_thread(service.process.wait, 10) == 0


async def test_fault_27_a_call_that_outlasts_the_grace_time_gets_unavailable(tmp_path: Path) -> None:
    async with running_service(tmp_path / "log", grace_s=0.5) as service, service.channel() as channel:
        stream = aiter(stub(channel).StreamText(LONG))
        await anext(stream)
        service.process.send_signal(signal.SIGTERM)
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            async for message in stream:
                last = message
        assert failed.value.code() == grpc.StatusCode.UNAVAILABLE
        assert last.finish_reason == "error"
        assert await asyncio.to_thread(service.process.wait, 10) == 0


@pytest.mark.parametrize(
    "signals", [(signal.SIGTERM, signal.SIGTERM), (signal.SIGINT, signal.SIGINT), (signal.SIGKILL,)]
)
async def test_fault_28_a_second_signal_ends_the_service_at_once_and_no_engine_is_left(
    tmp_path: Path, signals: tuple[signal.Signals, ...]
) -> None:
    async with running_service(tmp_path / "log") as service, service.channel() as channel:
        await anext(aiter(stub(channel).StreamText(LONG)))
        engines = [psutil.Process(pid) for pid in service.engine_pids()]
        for number in signals:
            service.process.send_signal(number)
            await asyncio.sleep(0.2)
        await asyncio.to_thread(service.process.wait, 2)
        assert len(engines) == 1
        assert psutil.wait_procs(engines, timeout=2)[1] == []


def test_fault_29_a_missing_model_is_a_clear_error_at_the_start(tmp_path: Path) -> None:
    code, output = start_and_fail(f"--models-dir={tmp_path}")
    assert code == 1
    assert EMBEDDED in output
    assert "Traceback" not in output


@pytest.mark.parametrize("size", [0, 7, 1000])
def test_fault_29_cut_off_weights_are_a_clear_error_at_the_start(tmp_path: Path, size: int) -> None:
    shutil.copytree(
        MODELS_DIR / EMBEDDED, tmp_path / EMBEDDED, ignore=shutil.ignore_patterns("*.safetensors")
    )
    with (MODELS_DIR / EMBEDDED / "model.safetensors").open("rb") as whole:
        (tmp_path / EMBEDDED / "model.safetensors").write_bytes(whole.read(size))
    code, output = start_and_fail(f"--models-dir={tmp_path}")
    assert code == 1
    assert "model.safetensors" in output
    assert "Traceback" not in output


@pytest.mark.parametrize("content", ["{}", '{"model": 1}', "not json"])
def test_fault_29_a_tokenizer_that_is_none_is_a_clear_error_at_the_start(
    tmp_path: Path, content: str
) -> None:
    (tmp_path / EMBEDDED).mkdir()
    for file in (MODELS_DIR / EMBEDDED).resolve().iterdir():
        (tmp_path / EMBEDDED / file.name).symlink_to(file)
    (tmp_path / EMBEDDED / "tokenizer.json").unlink()
    (tmp_path / EMBEDDED / "tokenizer.json").write_text(content)
    code, output = start_and_fail(f"--models-dir={tmp_path}")
    assert code == 1
    assert "tokenizer" in output
    assert "Traceback" not in output


async def test_fault_34_garbage_as_protobuf_is_an_error_status_and_the_server_lives(stack: Stack) -> None:
    async with stack.service.channel() as channel:
        for garbage in (b"\xff" * 64, b"\x0a\xff\xff\xff\xff\x0f", os.urandom(1000)):
            call: RawCall = channel.unary_unary("/generation.v1.Generation/GenerateText")
            with pytest.raises(grpc.aio.AioRpcError) as failed:
                await call(garbage)
            assert failed.value.code() == grpc.StatusCode.INVALID_ARGUMENT
            assert failed.value.details() == "request: is not a message of this method"
    assert await stack.service.health("") == "SERVING"


async def test_fault_40_an_unknown_method_is_unimplemented(stack: Stack) -> None:
    async with stack.service.channel() as channel:
        for method in ("/generation.v1.Generation/Nothing", "/nothing.Here/At"):
            with pytest.raises(grpc.aio.AioRpcError) as failed:
                call: RawCall = channel.unary_unary(method)
                await call(b"")
            assert failed.value.code() == grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize("taken", ["port", "metrics_port"])
def test_fault_41_a_second_instance_on_one_port_exits_and_says_so(stack: Stack, taken: str) -> None:
    port = getattr(stack.service, taken)
    code, output = start_and_fail(f"--{taken.replace('_', '-')}={port}")
    assert code == 1
    assert str(port) in output
    assert "taken" in output
    assert "Traceback" not in output


def test_an_address_that_others_can_reach_needs_insecure() -> None:
    code, output = start_and_fail("--host=0.0.0.0")
    assert code == 2
    assert "--insecure" in output
