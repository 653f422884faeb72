"""Fixtures that many tests share. One stack serves all tests that do not break it."""

from __future__ import annotations  # the async stub exists for type checkers only

from collections.abc import AsyncIterator

import grpc
import pytest
import pytest_asyncio

from generation.v1 import generation_pb2_grpc
from tests.stack import Stack, running_stack, stub


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """The real service with the embedded model, behind the real Envoy."""
    async with running_stack(tmp_path_factory.mktemp("stack")) as stack:
        yield stack


@pytest_asyncio.fixture(loop_scope="session")
async def channel(stack: Stack) -> AsyncIterator[grpc.aio.Channel]:
    """A gRPC channel to the shared service."""
    async with stack.service.channel() as channel:
        yield channel


@pytest.fixture
def generation(channel: grpc.aio.Channel) -> generation_pb2_grpc.GenerationAsyncStub:
    """A stub on the shared service."""
    return stub(channel)
