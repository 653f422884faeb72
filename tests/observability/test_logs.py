"""The log: a line for every call, in JSON where asked for, and nothing of what people wrote."""

from __future__ import annotations  # the async stub exists for type checkers only

import asyncio
import contextlib
import json
import logging
import time
from typing import TYPE_CHECKING, Any

import grpc
import httpx
import pytest

from generation.v1 import generation_pb2 as pb
from service.engine.request import Request
from service.engine.scheduler import Scheduler
from service.logs import JsonFormatter, TextFormatter, request_id
from tests.grpc.images import picture
from tests.stack import Service, Stack
from tests.unit.fake_pipeline import FakeParams, FakePipeline

if TYPE_CHECKING:
    from generation.v1.generation_pb2_grpc import GenerationAsyncStub

SECRET = "zebrafish"
SMALL: dict[str, Any] = {"prompt": SECRET, "negative_prompt": SECRET, "num_inference_steps": 2}


def record(fields: dict[str, object] | None = None) -> logging.LogRecord:
    made = logging.makeLogRecord({"name": "service", "levelname": "INFO", "levelno": 20, "msg": "call ended"})
    made.fields = fields or {}
    return made


def ended(service: Service, wanted: str) -> list[dict[str, Any]]:
    """The lines that tell of a call's end, by its request id."""
    entries = [json.loads(line) for line in service.log.splitlines()]
    calls = [entry for entry in entries if entry["message"] == "call ended"]
    return [entry for entry in calls if entry["request_id"] == wanted]


async def line_of(service: Service, wanted: str) -> dict[str, Any]:
    """The only line of a call, once it is there."""
    end = time.monotonic() + 30
    while not (found := ended(service, wanted)):
        assert time.monotonic() < end, service.log
        await asyncio.sleep(0.05)
    (line,) = found
    return line


async def test_a_call_is_a_line_with_its_request_id_method_code_and_seconds(
    observed: Stack, watched: GenerationAsyncStub
) -> None:
    asked = pb.GenerateTextRequest(prompt="Hi", max_tokens=2)
    await watched.GenerateText(asked, metadata=(("x-request-id", "a-good-one"),))
    with pytest.raises(grpc.aio.AioRpcError):
        await watched.GenerateText(pb.GenerateTextRequest(), metadata=(("x-request-id", "a-bad-one"),))
    good = await line_of(observed.service, "a-good-one")
    bad = await line_of(observed.service, "a-bad-one")
    assert (good["method"], good["code"], good["level"]) == ("GenerateText", "OK", "INFO")
    assert good["seconds"] > 0
    assert (bad["method"], bad["code"]) == ("GenerateText", "INVALID_ARGUMENT")


async def test_a_rest_call_is_logged_with_the_id_that_its_answer_carries(observed: Stack) -> None:
    async with httpx.AsyncClient(base_url=observed.rest_url, timeout=120, trust_env=False) as client:
        answer = await client.post("/text/generate", json={"prompt": "Hi", "max_tokens": 1})
    line = await line_of(observed.service, answer.headers["x-request-id"])
    assert (line["method"], line["code"]) == ("GenerateText", "OK")


async def test_nothing_of_a_prompt_or_an_answer_is_logged_even_at_debug(
    observed: Stack, watched: GenerationAsyncStub
) -> None:
    """In every field that takes words, where the call succeeds and where it is refused."""
    spoken = pb.GenerateTextRequest(
        messages=[pb.ChatMessage(role="user", content=f"Repeat after me: {SECRET}!")],
        stop=[f"{SECRET}?"],
        max_tokens=12,
        temperature=0,
    )
    refused = pb.GenerateTextRequest(prompt=SECRET, temperature=9)
    roles = pb.GenerateTextRequest(messages=[pb.ChatMessage(role=SECRET, content=SECRET)])
    answer = await watched.GenerateText(spoken)
    with contextlib.suppress(grpc.aio.AioRpcError):
        await watched.GenerateText(refused)
    with contextlib.suppress(grpc.aio.AioRpcError):
        await watched.GenerateText(roles)
    await watched.GenerateImage(pb.GenerateImageRequest(width=64, height=64, **SMALL))
    await watched.EditImage(pb.EditImageRequest(image_base64=picture(64, 64), **SMALL))
    async with httpx.AsyncClient(base_url=observed.rest_url, timeout=120, trust_env=False) as client:
        await client.post("/text/generate", json={"prompt": SECRET, "max_tokens": 1})
        await client.post("/text/generate", content=f'{{"prompt": "{SECRET}')
        await client.post("/text/generate", params={"prompt": SECRET, "max_tokens": 1}, json={})
    log = observed.service.log + (observed.service.log_path.parent / "envoy.log").read_text()
    assert len(answer.text) > 5
    assert answer.text not in log
    assert SECRET not in log


def test_text_lines_end_with_the_fields() -> None:
    token = request_id.set("an id")
    try:
        line = TextFormatter().format(record({"method": "GenerateText", "seconds": 0.5}))
    finally:
        request_id.reset(token)
    assert line.endswith(" service call ended request_id='an id' method=GenerateText seconds=0.5")
    assert TextFormatter().format(record()).endswith(" service call ended")


def test_json_lines_are_one_object_each_with_a_traceback_inside() -> None:
    try:
        raise RuntimeError("first\nsecond")
    except RuntimeError as error:
        made = record({"code": "INTERNAL"})
        made.exc_info = (RuntimeError, error, error.__traceback__)
    line = JsonFormatter().format(made)
    entry = json.loads(line)
    assert "\n" not in line
    assert (entry["message"], entry["level"], entry["code"]) == ("call ended", "INFO", "INTERNAL")
    assert entry["exception"].endswith("RuntimeError: first\nsecond")


def test_an_engine_names_the_calls_whose_step_failed(caplog: pytest.LogCaptureFixture) -> None:
    scheduler = Scheduler[FakeParams](FakePipeline())
    scheduler.add(Request(1, FakeParams(fails="step"), 1e9, "first"))
    scheduler.add(Request(2, FakeParams(), 1e9, "second"))
    scheduler.step()
    (failed,) = caplog.records
    assert json.loads(JsonFormatter().format(failed))["request_id"] == "first,second"
