"""The service behind Envoy goes away, comes back, says NOT_SERVING, is full; nothing is done twice."""

import asyncio
import json

import grpc
import httpx
import pytest
from grpc_health.v1 import health_pb2

from rest_proxy import envoy, render
from tests.rest.client import call_bytes, detail_of
from tests.rest.upstream import Proxied, Upstream, proxied_service

RECOVERY_S = 10


async def until_health_is(client: httpx.AsyncClient, status: int) -> httpx.Response:
    """Asks GET /health until its HTTP status is this."""

    async def ask() -> httpx.Response:
        while (response := await client.get("/health")).status_code != status:
            await asyncio.sleep(0.05)
        return response

    return await asyncio.wait_for(ask(), RECOVERY_S)


@pytest.fixture
async def client(proxied: Proxied) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=proxied.url, timeout=60, trust_env=False)


async def test_fault_31_without_the_service_rest_is_503_with_retry_after_until_it_is_back(
    proxied: Proxied, client: httpx.AsyncClient
) -> None:
    await proxied.upstream.server.stop(None)
    for path in ("/text/generate", "/text/stream", "/image/generate", "/video/generate-frames"):
        response = await client.post(path, json={"prompt": "a"})
        assert detail_of(response, 503) == "generation service unavailable"
        assert int(response.headers["retry-after"]) > 0
    proxied.upstream = await Upstream.start(proxied.upstream_port)
    assert (await until_health_is(client, 200)).json()["status"] == "ok"


async def test_fault_31_without_the_service_grpc_is_unavailable(proxied: Proxied) -> None:
    await proxied.upstream.server.stop(None)
    async with grpc.aio.insecure_channel(proxied.url.removeprefix("http://")) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call_bytes(channel, "/generation.v1.Generation/GetHealth", b"")
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert "{" not in (caught.value.details() or "")


async def test_not_serving_is_503_although_the_port_is_open(
    proxied: Proxied, client: httpx.AsyncClient
) -> None:
    await proxied.upstream.say(health_pb2.HealthCheckResponse.NOT_SERVING)
    response = await until_health_is(client, 503)
    assert detail_of(response, 503) == "generation service unavailable"
    await proxied.upstream.say(health_pb2.HealthCheckResponse.SERVING)
    await until_health_is(client, 200)


async def test_a_call_that_loses_the_service_is_503_and_was_sent_once(
    proxied: Proxied, client: httpx.AsyncClient
) -> None:
    call = asyncio.ensure_future(client.post("/text/generate", json={"prompt": "a"}))
    first = proxied.service
    await asyncio.wait_for(first.started.wait(), 10)
    await proxied.upstream.server.stop(None)
    proxied.upstream = await Upstream.start(proxied.upstream_port)
    assert detail_of(await asyncio.wait_for(call, 10), 503)
    await until_health_is(client, 200)
    assert (first.calls, proxied.service.calls) == (1, 0)


async def test_a_call_without_a_deadline_brings_none_so_that_the_services_own_holds(
    proxied: Proxied, client: httpx.AsyncClient
) -> None:
    proxied.service.released.set()
    assert (await client.post("/text/generate", json={"prompt": "a"})).status_code == 200
    assert proxied.service.seconds_left is None


async def test_a_deadline_that_passes_is_a_504(proxied: Proxied, client: httpx.AsyncClient) -> None:
    response = await client.post("/text/generate", json={"prompt": "a"}, headers={"grpc-timeout": "200m"})
    assert detail_of(response, 504)


async def test_more_calls_than_envoy_holds_are_429_with_retry_after(monkeypatch: pytest.MonkeyPatch) -> None:
    def holding_one(addresses: render.ProxyAddresses) -> str:
        config = json.loads(render.render(addresses))
        config["static_resources"]["clusters"][0]["circuit_breakers"] = {"thresholds": [{"max_requests": 1}]}
        return json.dumps(config)

    monkeypatch.setattr(envoy, "render", holding_one)
    async with (
        proxied_service() as proxied,
        httpx.AsyncClient(base_url=proxied.url, timeout=60, trust_env=False) as client,
    ):
        first = asyncio.ensure_future(client.post("/text/generate", json={"prompt": "a"}))
        await asyncio.wait_for(proxied.service.started.wait(), 10)
        second = await client.post("/text/generate", json={"prompt": "a"})
        assert detail_of(second, 429) == "too many requests in flight"
        assert int(second.headers["retry-after"]) > 0
        proxied.service.released.set()
        assert (await first).status_code == 200
