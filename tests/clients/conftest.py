"""A client of the shared service, sync and async, and the command line on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest
import pytest_asyncio
from generation_client import AsyncClient, Client
from generation_client.cli.app import app
from typer.testing import CliRunner, Result

from tests.stack import Stack

Generate: TypeAlias = Callable[..., Result]


@pytest.fixture
def client(stack: Stack) -> Iterator[Client]:
    with Client(stack.grpc_address) as client:
        yield client


@pytest_asyncio.fixture(loop_scope="session")
async def async_client(stack: Stack) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(stack.grpc_address) as client:
        yield client


@pytest.fixture
def generate(stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generate:
    """Runs a command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GENERATION_SERVER", stack.grpc_address)

    def run(*arguments: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(app, arguments, input=stdin)

    return run
