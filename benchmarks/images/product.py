"""The product as users run it: the real service and the real Envoy, as child processes on free ports."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from rest_proxy.envoy import BOUND_TO_PARENT, Envoy
from rest_proxy.render import ProxyAddresses
from service.health import SERVICE

START_S = 600
STOP_S = 60


@dataclass(frozen=True, slots=True)
class Product:
    """Where the running product answers, and the service's process id."""

    grpc_address: str
    rest_url: str
    metrics_url: str
    pid: int


@asynccontextmanager
async def running_product(folder: Path, image_model: Path | None, *flags: str) -> AsyncIterator[Product]:
    """A product that is ready for text, and with an image model for images; its logs are in `folder`."""
    grpc_port, metrics_port, first, second, admin = _free_ports(5)
    address = f"127.0.0.1:{grpc_port}"
    ports = (f"--port={grpc_port}", f"--metrics-port={metrics_port}")
    service = _start((*ports, f"--image-model={image_model or 'none'}", *flags), folder / "service.log")
    try:
        modalities = ("text", "image") if image_model else ("text",)
        await _until_ready(address, modalities, service, folder / "service.log")
        proxy = ProxyAddresses(ports=(first, second), upstream=address, admin_port=admin)
        envoy = await Envoy.start(proxy, log_path=folder / "envoy.log")
        try:
            rest, metrics = f"http://127.0.0.1:{first}", f"http://127.0.0.1:{metrics_port}/metrics"
            yield Product(address, rest, metrics, service.pid)
        finally:
            await envoy.stop(0)
    finally:
        _stop(service)


def _start(flags: tuple[str, ...], log_path: Path) -> subprocess.Popen[bytes]:
    bound = [sys.executable, "-I", str(BOUND_TO_PARENT), str(os.getpid())]
    command = [*bound, sys.executable, "-m", "service", *flags]
    with log_path.open("wb") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)


async def _until_ready(
    address: str, modalities: tuple[str, ...], service: subprocess.Popen[bytes], log_path: Path
) -> None:
    end = time.monotonic() + START_S
    async with grpc.aio.insecure_channel(address) as channel:
        while not all([await _serves(channel, modality) for modality in modalities]):
            if service.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"the service is not ready: see {log_path}")
            await asyncio.sleep(0.2)


async def _serves(channel: grpc.aio.Channel, modality: str) -> bool:
    request = health_pb2.HealthCheckRequest(service=f"{SERVICE}/{modality}")
    try:
        answer = await health_pb2_grpc.HealthStub(channel).Check(request, timeout=5)
    except grpc.aio.AioRpcError:
        return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


def _stop(service: subprocess.Popen[bytes]) -> None:
    service.send_signal(signal.SIGTERM)
    try:
        service.wait(STOP_S)
    except subprocess.TimeoutExpired:
        service.kill()
        service.wait()


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [server.getsockname()[1] for server in sockets]
    for server in sockets:
        server.close()
    return ports
