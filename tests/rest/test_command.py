"""`python -m rest_proxy`: Envoy alone, from a terminal."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from rest_proxy.render import ROOT, ProxyAddresses
from tests.rest.upstream import free_addresses

NO_SLOWER_THAN_S = 10.0


def command(addresses: ProxyAddresses, log: Path) -> list[str]:
    ports = [f"--port={port}" for port in addresses.ports]
    others = [f"--admin-port={addresses.admin_port}", f"--upstream={addresses.upstream}", f"--log={log}"]
    return [sys.executable, "-m", "rest_proxy", *ports, *others]


@pytest.fixture
def addresses() -> ProxyAddresses:
    return free_addresses()


@pytest.fixture
def running(addresses: ProxyAddresses, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """The command without a service behind it, listening."""
    process = subprocess.Popen(
        command(addresses, tmp_path / "envoy.log"), stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("REST on http://127.0.0.1:")
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_it_serves_on_both_ports_and_says_that_the_service_is_down(
    running: subprocess.Popen[str], addresses: ProxyAddresses
) -> None:
    assert running.poll() is None
    for port in addresses.ports:
        response = httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False)
        assert response.status_code == 503
        assert response.json() == {"detail": "generation service unavailable"}


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_and_envoy_in_order(
    running: subprocess.Popen[str], addresses: ProxyAddresses, sign: signal.Signals
) -> None:
    running.send_signal(sign)
    assert running.wait(NO_SLOWER_THAN_S) == 0
    assert all(is_free(port) for port in addresses.ports)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux's")
def test_envoy_ends_with_it_however_it_ends(running: subprocess.Popen[str]) -> None:
    (envoy,) = psutil.Process(running.pid).children()
    running.kill()
    envoy.wait(NO_SLOWER_THAN_S)


def test_fault_41_a_second_one_at_the_same_ports_exits_and_names_the_port(
    running: subprocess.Popen[str], addresses: ProxyAddresses, tmp_path: Path
) -> None:
    second = subprocess.run(
        command(addresses, tmp_path / "second.log"), capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert running.poll() is None
    assert second.returncode == 1
    assert str(addresses.ports[0]) in second.stderr
    assert "Traceback" not in second.stderr


def test_a_host_that_others_can_reach_needs_a_word(addresses: ProxyAddresses, tmp_path: Path) -> None:
    line = [*command(addresses, tmp_path / "envoy.log"), "--host=0.0.0.0"]
    refused = subprocess.run(line, capture_output=True, text=True, cwd=ROOT, check=False)
    assert refused.returncode == 1
    assert "--insecure" in refused.stderr
