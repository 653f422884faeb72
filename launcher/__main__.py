"""Runs everything on this machine: `python -m launcher --help`."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable
from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import CliApp

from launcher.config import LaunchSettings
from launcher.screen import welcome
from launcher.service import ServiceEndedError, ServiceProcess
from launcher.terminal import own_foreground
from rest_proxy.envoy import Envoy, check_ports
from rest_proxy.errors import ProxyError
from service.config import explain
from service.health import SERVICE

ENVOY_LOG = Path("build/envoy.log")
ENVOY_GRACE_S = 5.0


async def launch(settings: LaunchSettings) -> int:
    """Runs the service and Envoy until cancelled (0) or until one of them ends by itself (1)."""
    began = time.monotonic()
    addresses = settings.proxy_addresses()
    check_ports(addresses)  # before the service starts, rather than after
    service = await ServiceProcess.start(settings)
    envoy: Envoy | None = None
    try:
        await service.serving("")
        envoy = await Envoy.start(addresses, log_path=ENVOY_LOG)
        models = await service.models()
        for model in models:
            await service.serving(f"{SERVICE}/{model.modality}")
        print(welcome(settings, models, time.monotonic() - began), flush=True)
        await _first(service.wait(), envoy.wait())
        print("launcher: the service or Envoy ended by itself; its log says why", file=sys.stderr)
        return 1
    except asyncio.CancelledError:
        print("\nStopping: requests in flight are finished first.", flush=True)
        return 0
    finally:
        # The service drains first, through Envoy; after that nothing is in flight in Envoy.
        await service.stop()
        if envoy is not None:
            await envoy.stop(ENVOY_GRACE_S)


async def _first(*waits: Awaitable[int]) -> None:
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


async def run(settings: LaunchSettings) -> int:
    """Launches; the first SIGINT or SIGTERM stops in order, the second at once."""
    task = asyncio.create_task(launch(settings))

    def stop() -> None:
        if task.cancelling():
            os._exit(130)  # the service is bound to this process, and its engines to the service
        task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    return await task


def main() -> int:
    """Reads the settings, launches, and returns the exit code."""
    try:
        settings = CliApp.run(LaunchSettings)
    except ValidationError as error:
        print(explain("launcher", error), file=sys.stderr)
        return 2
    try:
        with own_foreground():
            return asyncio.run(run(settings))
    except ProxyError as error:
        print(f"launcher: {error}", file=sys.stderr)
    except ServiceEndedError:
        pass  # it has said why
    return 1


if __name__ == "__main__":
    sys.exit(main())
