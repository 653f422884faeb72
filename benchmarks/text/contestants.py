"""Who takes part: children that speak one protocol, and the service as its clients see it."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.text.work import Asked, Times
from rest_proxy.envoy import BOUND_TO_PARENT

MOST_ANSWER_BYTES = 64 << 20
MOST = 1 << 30
PARTS = frozenset({"at-once", "joining", "contexts"})


class Contestant(Protocol):
    """An engine that answers rounds: what it takes part in, and the most requests at once it is asked."""

    name: str
    parts: frozenset[str]
    most: int
    again: bool  # whether another contestant is the same process
    pid: int

    async def round(self, asked: Sequence[Asked]) -> Times:
        """When each request's tokens came."""


class Child:
    """An engine in a process of its own."""

    again = False

    def __init__(self, name: str, process: Process, parts: frozenset[str], most: int) -> None:
        self.name = name
        self.parts = parts
        self.most = most
        self.pid = process.pid
        self._process = process

    async def round(self, asked: Sequence[Asked]) -> Times:
        """Raises RuntimeError if the engine cannot."""
        answer: Times = await self._ask({"round": [[one.ids, one.new_tokens, one.at] for one in asked]})
        return answer

    async def greedy(self, ids: Sequence[int], new_tokens: int) -> list[int]:
        """The token ids that follow. Raises RuntimeError if the engine cannot."""
        answer: list[int] = await self._ask({"greedy": [ids, new_tokens]})
        return answer

    async def logits(self, ids: Sequence[int], first: int, path: Path) -> NDArray[np.float32]:
        """Scores [rows from `first`, vocabulary], by way of a file. RuntimeError if the engine cannot."""
        await self._ask({"logits": [ids, first, str(path)]})
        return np.asarray(np.load(path))

    async def ready(self) -> None:
        """Waits until the model is loaded. Raises RuntimeError if the process ended instead."""
        await self._answer()

    async def _ask(self, request: dict[str, Any]) -> Any:  # noqa: ANN401 - as many kinds as requests
        assert self._process.stdin
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        return await self._answer()

    async def _answer(self) -> Any:  # noqa: ANN401
        assert self._process.stdout
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended")
        answer = json.loads(line)
        if isinstance(answer, dict):
            raise RuntimeError(answer["error"])
        return answer


@dataclass(frozen=True, slots=True)
class Entry:
    """How a child is started: `python -m benchmarks.text.peers.MODULE ARGUMENTS`."""

    name: str
    module: str
    arguments: tuple[str, ...]
    python: str = sys.executable
    parts: frozenset[str] = PARTS
    most: int = MOST
    environment: Mapping[str, str] = field(default_factory=dict)

    @asynccontextmanager
    async def running(self, log_folder: Path) -> AsyncIterator[Child]:
        """Ends the process with the context. What libraries print goes to a log.

        Raises RuntimeError if the model cannot be loaded.
        """
        with (log_folder / f"{self.module}-{self.name}.log".replace(" ", "-")).open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *self._command(), stdin=PIPE, stdout=PIPE, stderr=log, limit=MOST_ANSWER_BYTES,
                env={**os.environ, **self.environment},
            )  # fmt: skip
        contestant = Child(self.name, process, self.parts, self.most)
        try:
            await contestant.ready()
            yield contestant
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    def _command(self) -> list[str]:
        bound = [sys.executable, "-I", str(BOUND_TO_PARENT), str(os.getpid())]
        return [*bound, self.python, "-m", f"benchmarks.text.peers.{self.module}", *self.arguments]
