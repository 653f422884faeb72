"""A terminal of 100 columns, for programs that behave differently on one."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import struct
import termios
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

ROWS, COLUMNS = 40, 100
LIMIT_S = 60


class Terminal:
    """What a program on a terminal shows; `told` is all that was read so far."""

    def __init__(self, process: Process, ours: int) -> None:
        self.process = process
        self.told = ""
        self._ours = ours
        self._awaited = 0

    async def until(self, awaited: str) -> None:
        """Waits until these words are shown after those that were awaited before."""
        async with asyncio.timeout(LIMIT_S):
            while (found := self.told.find(awaited, self._awaited)) < 0:
                more = await self._read()
                assert more, self.told
                self.told += more
        self._awaited = found + len(awaited)

    async def end(self) -> int:
        """Reads what is still shown; returns the exit code."""
        async with asyncio.timeout(LIMIT_S):
            while more := await self._read():
                self.told += more
            return await self.process.wait()

    def type(self, keys: str) -> None:
        """Types on its keyboard."""
        os.write(self._ours, keys.encode())

    async def _read(self) -> str:
        """What is new, "" at the end; the loop waits, so that a limit of time holds."""
        loop, ready = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._ours, ready.set)
        try:
            await ready.wait()
        finally:
            loop.remove_reader(self._ours)
        try:
            return os.read(self._ours, 4096).decode(errors="replace")
        except OSError:  # nobody has the terminal open any more
            return ""


@asynccontextmanager
async def on_a_terminal(
    *command: str, folder: Path, environment: Mapping[str, str]
) -> AsyncIterator[Terminal]:
    """Runs a command on a terminal of its own; ends it with the context."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, env=os.environ | environment, stdin=its, stdout=its, stderr=its
    )
    os.close(its)
    try:
        yield Terminal(process, ours)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        os.close(ours)
