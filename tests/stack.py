"""The real service and the real Envoy as child processes, for tests to talk to over sockets."""

from __future__ import annotations  # the async stub exists for type checkers only

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
import httpx
import psutil
from grpc_health.v1 import health_pb2, health_pb2_grpc

from generation.v1 import generation_pb2_grpc
from rest_proxy.envoy import Envoy
from rest_proxy.render import ProxyAddresses
from service.config import NO_TRACES
from service.health import SERVICE
from tests.ports import free_ports

MODELS_DIR = Path(os.environ.get("MODELS_DIR", "models"))
START_S = 90


class Service:
    """A running `python -m service`, its log in `log_path`."""

    def __init__(self, settings: dict[str, str], log_path: Path) -> None:
        self.port, self.metrics_port = free_ports(2)
        self.address = f"127.0.0.1:{self.port}"
        self.log_path = log_path
        defaults = {
            "models-dir": str(MODELS_DIR),
            "image-model": "none",  # most tests need no second engine
            "port": str(self.port),
            "metrics-port": str(self.metrics_port),
        }
        flags = [f"--{name}={value}" for name, value in (defaults | settings).items()]
        with log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "service", *flags], stdout=log, stderr=log, start_new_session=True
            )

    @property
    def log(self) -> str:
        """What the service has logged so far."""
        return self.log_path.read_text()

    def engine_pids(self) -> list[int]:
        """The process ids of the engines."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        return [child.pid for child in children if "service.engine" in child.cmdline()]

    def channel(self) -> grpc.aio.Channel:
        """A new channel to the service."""
        return grpc.aio.insecure_channel(self.address)

    async def health(self, name: str) -> str:
        """The standard health status of a name: SERVING, NOT_SERVING, or a gRPC code's name.

        "/text" and "/image" are short for a modality of the service.
        """
        name = SERVICE + name if name.startswith("/") else name
        async with self.channel() as channel:
            try:
                request = health_pb2.HealthCheckRequest(service=name)
                response = await health_pb2_grpc.HealthStub(channel).Check(request, timeout=2)
            except grpc.aio.AioRpcError as error:
                return error.code().name
            return str(health_pb2.HealthCheckResponse.ServingStatus.Name(response.status))

    async def until(self, status: str, name: str = "/text", seconds: float = START_S) -> None:
        """Waits until a health name has a status."""
        end = time.monotonic() + seconds
        while (now := await self.health(name)) != status:
            assert self.process.poll() is None, f"the service ended:\n{self.log}"
            assert time.monotonic() < end, f"{name} is {now}, not {status}:\n{self.log}"
            await asyncio.sleep(0.05)

    async def metric(self, sample: str) -> float:
        """The sum of the samples whose name and labels match a pattern; 0 if there are none."""
        async with httpx.AsyncClient() as client:
            text = (await client.get(f"http://127.0.0.1:{self.metrics_port}/metrics")).text
        lines = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        return sum(float(value) for name, value in lines if re.fullmatch(sample, name))

    def stop(self) -> int:
        """Sends SIGTERM and waits; returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def end(self) -> None:
        """Makes sure that nothing of it is left."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@asynccontextmanager
async def running_service(log_path: Path, **settings: str | int | float) -> AsyncIterator[Service]:
    """A service with settings such as `max_running=2`, ready for what it serves."""
    service = Service({name.replace("_", "-"): str(value) for name, value in settings.items()}, log_path)
    try:
        await service.until("SERVING")
        if settings.get("image_model", "none") != "none":
            await service.until("SERVING", "/image")
        yield service
    finally:
        service.end()


@dataclass(frozen=True)
class Stack:
    """A service with Envoy before it."""

    service: Service
    envoy: Envoy
    rest_urls: tuple[str, str]
    admin_port: int

    @property
    def grpc_address(self) -> str:
        """host:port of the service's own gRPC port."""
        return self.service.address

    @property
    def rest_url(self) -> str:
        """The first REST port's URL."""
        return self.rest_urls[0]


@asynccontextmanager
async def running_stack(folder: Path, **settings: str | int | float) -> AsyncIterator[Stack]:
    """A service and Envoy, ready for text."""
    async with running_service(folder / "service.log", **settings) as service:
        first, second, admin = free_ports(3)
        addresses = ProxyAddresses(
            ports=(first, second),
            upstream=service.address,
            admin_port=admin,
            trace_endpoint=str(settings.get("trace_endpoint", NO_TRACES)),
        )
        envoy = await Envoy.start(addresses, log_path=folder / "envoy.log")
        urls = (f"http://127.0.0.1:{first}", f"http://127.0.0.1:{second}")
        try:
            yield Stack(service, envoy, urls, admin)
        finally:
            await envoy.stop(0)


def stub(channel: grpc.aio.Channel) -> generation_pb2_grpc.GenerationAsyncStub:
    """The contract's stub on an asyncio channel."""
    return generation_pb2_grpc.GenerationStub(channel)
