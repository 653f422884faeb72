"""Traces: a call's way from the client's traceparent through Envoy and the service into the engine."""

from __future__ import annotations  # the async stub exists for type checkers only

import secrets
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import grpc
import httpx
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from opentelemetry.trace import NoOpTracer
from pydantic_settings import CliApp

from generation.v1 import generation_pb2 as pb
from service.config import NO_TRACES, Settings
from service.tracing import Tracing
from tests.observability.collector import Collector, Received
from tests.stack import Stack

if TYPE_CHECKING:
    from generation.v1.generation_pb2_grpc import GenerationAsyncStub

SECRET = "zebrafish"
SMALL = {"prompt": SECRET, "width": 128, "height": 64, "num_inference_steps": 2}


def traceparent() -> tuple[str, str, str]:
    """A new trace's id, the client's span in it, and the header that says both."""
    trace, span = secrets.token_hex(16), secrets.token_hex(8)
    return trace, span, f"00-{trace}-{span}-01"


def named(received: list[Received], name: str) -> list[Received]:
    return [each for each in received if each.span.name == name]


def inside(inner: Span, outer: Span) -> bool:
    """Whether a span is a child and lasts no longer, give or take a clock's microsecond."""
    slack = 1000
    return (
        bool(inner.parent_span_id == outer.span_id)
        and bool(inner.start_time_unix_nano >= outer.start_time_unix_nano - slack)
        and bool(inner.end_time_unix_nano <= outer.end_time_unix_nano + slack)
    )


async def posted(observed: Stack, path: str, body: dict[str, Any], header: str) -> dict[str, Any]:
    async with httpx.AsyncClient(base_url=observed.rest_url, timeout=120, trust_env=False) as client:
        answer = await client.post(path, json=body, headers={"traceparent": header})
    assert answer.status_code == 200
    content: dict[str, Any] = answer.json()
    return content


async def test_a_rest_call_is_one_trace_from_envoy_to_the_tokens(
    observed: Stack, collector: Collector
) -> None:
    trace, client, header = traceparent()
    answer = await posted(observed, "/text/generate", {"prompt": SECRET, "max_tokens": 4}, header)
    received = await collector.trace(trace, spans=5)
    (proxy,) = (each for each in received if each.service == "generation-rest")
    (call,) = named(received, "generation.v1.Generation/GenerateText")
    (queue,), (steps,), (decode,) = (named(received, name) for name in ("queue", "steps", "decode"))
    assert proxy.span.parent_span_id.hex() == client
    assert call.service == "generation"
    assert call.span.parent_span_id == proxy.span.span_id
    assert call.span.kind == Span.SPAN_KIND_SERVER
    assert call.attributes["rpc.response.status_code"] == "OK"
    assert inside(queue.span, call.span)
    assert inside(steps.span, call.span)
    assert inside(decode.span, steps.span)
    assert queue.span.end_time_unix_nano == steps.span.start_time_unix_nano
    assert steps.attributes == {"steps": answer["completion_tokens"]}


async def test_each_frame_has_a_span_of_its_decoding(observed: Stack, collector: Collector) -> None:
    trace, _, header = traceparent()
    await posted(observed, "/video/generate-frames", SMALL | {"num_frames": 3}, header)
    received = await collector.trace(trace, spans=7)
    (steps,) = named(received, "steps")
    decodes = sorted(named(received, "decode"), key=lambda each: each.span.start_time_unix_nano)
    assert len(decodes) == 3
    assert all(inside(each.span, steps.span) for each in decodes)
    assert all(
        first.span.end_time_unix_nano <= second.span.start_time_unix_nano
        for first, second in pairwise(decodes)
    )


async def test_a_call_that_is_refused_or_left_shows_how_far_it_came(
    watched: GenerationAsyncStub, collector: Collector
) -> None:
    refused, _, header = traceparent()
    with pytest.raises(grpc.aio.AioRpcError):
        await watched.GenerateText(pb.GenerateTextRequest(prompt=""), metadata=(("traceparent", header),))
    left, _, header = traceparent()
    asked = pb.GenerateTextRequest(prompt=SECRET, max_tokens=2000, temperature=1.5)
    stream = watched.StreamText(asked, metadata=(("traceparent", header),))
    await stream.read()
    stream.cancel()
    (call,) = await collector.trace(refused, spans=1)
    assert call.attributes["rpc.response.status_code"] == "INVALID_ARGUMENT"
    assert call.span.status.code == Status.STATUS_CODE_UNSET, "the client's mistake"
    received = await collector.trace(left, spans=4)
    assert {each.span.name for each in received} == {
        "generation.v1.Generation/StreamText",
        "queue",
        "steps",
        "decode",
    }
    (call,) = named(received, "generation.v1.Generation/StreamText")
    assert call.attributes["rpc.response.status_code"] == "CANCELLED"


async def test_no_span_holds_a_prompt_even_from_a_query(observed: Stack, collector: Collector) -> None:
    trace, _, header = traceparent()
    async with httpx.AsyncClient(base_url=observed.rest_url, timeout=120, trust_env=False) as client:
        await client.get("/health", params={"prompt": SECRET}, headers={"traceparent": header})
    (refused,) = await collector.trace(trace, spans=1)
    assert (refused.service, refused.attributes["http.url"]) == ("generation-rest", "/health")
    assert all(SECRET not in str(each.span) for each in collector.received)


def test_there_are_no_traces_unless_a_collector_is_named() -> None:
    assert Settings.model_fields["trace_endpoint"].default == NO_TRACES
    assert isinstance(Tracing(NO_TRACES).tracer, NoOpTracer)


@pytest.mark.parametrize(
    "endpoint", ["localhost:4317", "https://a:1", "http://a", "http://a:1/v1", "http://:"]
)
def test_a_collector_is_named_by_a_url_with_its_port(endpoint: str) -> None:
    with pytest.raises(ValueError, match="trace_endpoint"):
        CliApp.run(Settings, cli_args=[f"--trace-endpoint={endpoint}"])
