"""A REST client of the running stack, and an Envoy of one's own before a service that tests can steer."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest

from rest_proxy import envoy, render
from tests.rest.upstream import Proxied, proxied_service
from tests.stack import Stack


@pytest.fixture
async def rest(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=stack.rest_url, timeout=120, trust_env=False) as client:
        yield client


@pytest.fixture
async def proxied() -> AsyncIterator[Proxied]:
    async with proxied_service() as proxied:
        yield proxied


@pytest.fixture
async def impatient(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Proxied]:
    """A proxied service with the limits on silent clients at a second instead of ten or thirty."""
    monkeypatch.setattr(envoy, "render", _hurried)
    async with proxied_service() as proxied:
        yield proxied


def _hurried(addresses: render.ProxyAddresses) -> str:
    config = json.loads(render.render(addresses))
    listener = config["static_resources"]["listeners"][0]
    for option in listener["socket_options"]:
        if option["description"] == "TCP_USER_TIMEOUT":
            option["int_value"] = 1000
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    manager["request_headers_timeout"] = "1s"
    manager["http2_protocol_options"]["connection_keepalive"] = {"interval": "1s", "timeout": "1s"}
    return json.dumps(config)
