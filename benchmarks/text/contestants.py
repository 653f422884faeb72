"""Who takes part: children that speak one protocol, and the service as its clients see it."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.text.work import Asked, Times
from rest_proxy.envoy import BOUND_TO_PARENT

MOST_ANSWER_BYTES = 64 << 20


class Contestant(Protocol):
    """An engine that answers rounds. `most` is the most requests at once that make sense for it."""

    name: str
    most: int
    joins: bool
    pid: int

    async def round(self, asked: Sequence[Asked]) -> Times:
        """When each request's tokens came."""


class Child:
    """An engine in a process of its own."""

    def __init__(self, name: str, process: Process, most: int, *, joins: bool) -> None:
        self.name = name
        self.most = most
        self.joins = joins
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
        """Scores [rows from `first`, vocabulary], by way of a file. Raises RuntimeError if the engine cannot."""
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
            raise RuntimeError(answer["error"])  # noqa: TRY004 - the child's error, whatever its type
        return answer


@asynccontextmanager
async def child(
    name: str, log: Path, *command: str, python: str = sys.executable, most: int = 1 << 30, joins: bool = True
) -> AsyncIterator[Child]:
    """Runs `python -m benchmarks.text.peers.COMMAND` until the context ends. Its output goes to `log`."""
    bound = (sys.executable, "-I", str(BOUND_TO_PARENT), str(os.getpid()))
    module, *arguments = command
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *bound, python, "-m", f"benchmarks.text.peers.{module}", *arguments,
            stdin=PIPE, stdout=PIPE, stderr=errors, limit=MOST_ANSWER_BYTES,
        )  # fmt: skip
    try:
        contestant = Child(name, process, most, joins=joins)
        await contestant.ready()
        yield contestant
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
