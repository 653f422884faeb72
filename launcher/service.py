"""The service as a child process: started, waited for, stopped."""

import asyncio
import contextlib
import os
import signal
import sys

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from generation.v1 import generation_pb2 as pb
from generation.v1 import generation_pb2_grpc
from launcher.config import LaunchSettings
from rest_proxy.envoy import BOUND_TO_PARENT

POLL_S = 0.05


class ServiceEndedError(Exception):
    """The service ended before it was told to; it has said why."""


class ServiceProcess:
    """A running `python -m service` and a channel to it."""

    def __init__(self, process: asyncio.subprocess.Process, address: str) -> None:
        self._process = process
        # Not through an http_proxy that may be set: the service is on this machine.
        self._channel = grpc.aio.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)])
        self._health = health_pb2_grpc.HealthStub(self._channel)

    @classmethod
    async def start(cls, settings: LaunchSettings) -> "ServiceProcess":
        """Starts the service in a session of its own, for Ctrl-C is the launcher's to handle."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            str(BOUND_TO_PARENT),
            str(os.getpid()),
            sys.executable,
            "-m",
            "service",
            env=os.environ | settings.service_environment(),
            start_new_session=True,
        )
        return cls(process, settings.address)

    async def serving(self, name: str) -> None:
        """Waits until a health name is SERVING. Raises ServiceEndedError if the service ends first."""
        while not await self._is_serving(name):
            if self._process.returncode is not None:
                raise ServiceEndedError
            await asyncio.sleep(POLL_S)

    async def models(self) -> list[pb.Model]:
        """What the service serves."""
        stub = generation_pb2_grpc.GenerationStub(self._channel)
        response = await stub.ListModels(pb.ListModelsRequest())
        return list(response.models)

    async def wait(self) -> int:
        """Waits for the end; returns the exit code."""
        return await self._process.wait()

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal, if the process still runs."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)

    async def stop(self) -> int:
        """Lets the service drain; returns its exit code."""
        await self._channel.close()
        self.signal(signal.SIGTERM)
        return await self._process.wait()

    async def _is_serving(self, name: str) -> bool:
        request = health_pb2.HealthCheckRequest(service=name)
        try:
            response = await self._health.Check(request, timeout=1)
        except grpc.aio.AioRpcError:
            return False
        return bool(response.status == health_pb2.HealthCheckResponse.SERVING)
