"""gRPC, gRPC-Web, health and reflection through Envoy, on the ports that serve REST."""

from __future__ import annotations  # the async stub exists for type checkers only

import base64
from collections.abc import AsyncIterator

import grpc
import httpx
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from generation.v1 import generation_pb2 as pb
from tests.rest.client import ORIGIN, RPC, call_bytes, call_web, frames
from tests.stack import Stack, stub

TRAILERS = 0x80


@pytest.fixture(params=["first port", "second port"])
def url(request: pytest.FixtureRequest, stack: Stack) -> str:
    return stack.rest_urls[request.param == "second port"]


@pytest.fixture
async def proxy_channel(url: str) -> AsyncIterator[grpc.aio.Channel]:
    async with grpc.aio.insecure_channel(url.removeprefix("http://")) as channel:
        yield channel


async def test_grpc_unary_and_stream(proxy_channel: grpc.aio.Channel) -> None:
    request = pb.GenerateTextRequest(prompt="Hello", max_tokens=4, temperature=0)
    whole = await stub(proxy_channel).GenerateText(request)
    pieces = [piece async for piece in stub(proxy_channel).StreamText(request)]
    assert "".join(piece.text for piece in pieces) == whole.text
    assert pieces[-1].finish_reason == whole.finish_reason


async def test_grpc_errors_keep_their_code_text_and_details(proxy_channel: grpc.aio.Channel) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub(proxy_channel).GenerateText(pb.GenerateTextRequest(prompt="a", temperature=3))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "temperature" in (caught.value.details() or "")
    trailers = dict(caught.value.trailing_metadata() or ())
    assert "grpc-status-details-bin" in trailers


async def test_a_clients_own_deadline_wins(proxy_channel: grpc.aio.Channel) -> None:
    request = pb.GenerateTextRequest(prompt="Tell a very long story", max_tokens=2000)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub(proxy_channel).GenerateText(request, timeout=0.2)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


async def test_the_standard_health_check(proxy_channel: grpc.aio.Channel) -> None:
    request = health_pb2.HealthCheckRequest(service="generation.v1.Generation")
    response = await health_pb2_grpc.HealthStub(proxy_channel).Check(request)
    assert response.status == health_pb2.HealthCheckResponse.SERVING


async def test_reflection(proxy_channel: grpc.aio.Channel) -> None:
    requests = iter([reflection_pb2.ServerReflectionRequest(list_services="")])
    call = reflection_pb2_grpc.ServerReflectionStub(proxy_channel).ServerReflectionInfo(requests)
    names = [service.name async for response in call for service in response.list_services_response.service]
    assert "generation.v1.Generation" in names


async def test_fault_40_an_unknown_grpc_method_is_unimplemented(proxy_channel: grpc.aio.Channel) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call_bytes(proxy_channel, RPC + "NoSuchMethod", b"")
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_grpc_web_unary(url: str) -> None:
    response = await call_web(url, "GetHealth", b"")
    assert response.headers["access-control-allow-origin"] == ORIGIN
    (flags, message), (trailer_flags, trailers) = frames(response.content)
    assert (flags, trailer_flags) == (0, TRAILERS)
    assert pb.GetHealthResponse.FromString(message).status == "ok"
    assert b"grpc-status:0" in trailers.replace(b" ", b"")


async def test_grpc_web_stream_as_text(url: str) -> None:
    request = pb.GenerateTextRequest(prompt="Hello", max_tokens=4, temperature=0)
    response = await call_web(url, "StreamText", request.SerializeToString(), text=True)
    *pieces, trailers = frames(b"".join(map(base64.b64decode, _base64_parts(response.text))))
    assert trailers[0] == TRAILERS
    assert pb.StreamTextResponse.FromString(pieces[-1][1]).finish_reason


def _base64_parts(text: str) -> list[str]:
    """The padded pieces that were encoded on their own and put one after the other."""
    return [text[i : i + 4] for i in range(0, len(text), 4)]


async def test_grpc_web_errors_stay_grpc_web(url: str) -> None:
    request = pb.GenerateTextRequest(prompt="a", temperature=3)
    response = await call_web(url, "GenerateText", request.SerializeToString())
    assert response.headers["content-type"].startswith("application/grpc-web")
    assert response.headers["grpc-status"] == str(grpc.StatusCode.INVALID_ARGUMENT.value[0])


async def test_a_browsers_preflight_is_answered_for_local_pages_alone(url: str) -> None:
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        asked = {"access-control-request-method": "POST", "access-control-request-headers": "content-type"}
        local = await client.options("/text/generate", headers={"origin": ORIGIN} | asked)
        other = await client.options("/text/generate", headers={"origin": "http://example.org"} | asked)
    assert local.status_code == 200
    assert local.headers["access-control-allow-origin"] == ORIGIN
    assert "access-control-allow-origin" not in other.headers


async def test_fault_34_garbage_as_protobuf_is_an_error_and_the_service_lives(
    proxy_channel: grpc.aio.Channel,
) -> None:
    with pytest.raises(grpc.aio.AioRpcError):
        await call_bytes(proxy_channel, RPC + "GenerateText", b"\xff\xff\xff\xff")
    assert (await stub(proxy_channel).GetHealth(pb.GetHealthRequest())).status == "ok"
