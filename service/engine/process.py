"""The service's handle on one engine process, from spawn to end."""

import asyncio
import contextlib
import logging
import os
import socket
import sys
import time
from collections.abc import Callable

import psutil

from service.engine.channel import Channel
from service.engine.messages import EngineSpec, Heartbeat, Message, Ready, Start, StartFailed, Stop
from service.logs import how_this_process_logs

STOP_S = 2.0
# Threads that wait for each other spin for a moment only. By default they spin for milliseconds, which
# left two image engines on two cores a hundred times slower than one; not at all, and one alone was
# two to three times slower. With this, one alone is as fast as ever and two take turns.
SPINNING = {"GOMP_SPINCOUNT": "3000"}
# Otherwise transformers tells what image models need that are not served here.
QUIET = {"TRANSFORMERS_VERBOSITY": "error"}
log = logging.getLogger(__name__)


class EngineProcess:
    """A running engine process.

    `ready` becomes true once the model is loaded and false if it cannot be. `gone` is set as soon as
    the process's pipes close, which the kernel does the moment it dies. `on_work` is called on the
    event loop with each message of the work pipe.
    """

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        work: socket.socket,
        control: socket.socket,
        on_work: Callable[[Message], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._process = process
        self._heard = time.monotonic()
        self._step_seconds = 0.0
        self.ready: asyncio.Future[bool] = self._loop.create_future()
        self.gone = asyncio.Event()
        self.reason = ""
        self.work = Channel(work, self._on_loop(on_work), self._closed)
        self.control = Channel(control, self._on_loop(self._receive), self._closed)

    @classmethod
    async def spawn(cls, spec: EngineSpec, on_work: Callable[[Message], None]) -> "EngineProcess":
        """Starts a process and tells it what to load."""
        work, their_work = socket.socketpair()
        control, their_control = socket.socketpair()
        with their_work, their_control:
            fds = (their_work.fileno(), their_control.fileno())
            # A session of its own: Ctrl-C in the terminal is the service's to handle.
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "service.engine",
                *map(str, fds),
                *how_this_process_logs(),
                spec.modality,
                pass_fds=fds,
                env=SPINNING | QUIET | os.environ,
                start_new_session=True,
                stdin=asyncio.subprocess.DEVNULL,
            )
        engine = cls(process, work, control, on_work)
        engine.control.send(Start(spec))
        return engine

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def memory_bytes(self) -> int:
        """What the process holds of the machine's memory, in bytes; 0 once it has ended."""
        try:
            return psutil.Process(self.pid).memory_info().rss
        except psutil.NoSuchProcess:
            return 0

    def hung(self, longest_step_s: float) -> bool:
        """Whether a step, or the silence since the last heartbeat, is longer than allowed."""
        silent = time.monotonic() - self._heard
        return max(self._step_seconds, silent) > longest_step_s

    def kill(self) -> None:
        """Ends the process at once."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def end(self) -> int:
        """Asks the process to stop, kills it if it does not, and returns its exit code."""
        self.control.send(Stop())
        try:
            return await asyncio.wait_for(self._process.wait(), STOP_S)
        except TimeoutError:
            self.kill()
            return await self._process.wait()
        finally:
            self.work.close()
            self.control.close()

    def _receive(self, message: Message) -> None:
        self._heard = time.monotonic()
        match message:
            case Heartbeat():
                self._step_seconds = message.step_seconds
            case Ready():
                self._settle(ready=True)
            case StartFailed():
                self.reason = message.reason
                self._settle(ready=False)

    def _settle(self, *, ready: bool) -> None:
        if not self.ready.done():
            self.ready.set_result(ready)

    def _on_loop(self, handler: Callable[[Message], None]) -> Callable[[Message], None]:
        return lambda message: self._call_soon(lambda: handler(message))

    def _closed(self) -> None:
        def mark() -> None:
            self._settle(ready=False)
            self.gone.set()

        self._call_soon(mark)

    def _call_soon(self, callback: Callable[[], None]) -> None:
        try:
            self._loop.call_soon_threadsafe(callback)
        except RuntimeError:
            log.debug("the event loop is closed; a last message of engine %d is dropped", self.pid)
