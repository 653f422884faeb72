"""One service for the tests of what operators see. Its queue is small, so that calls are refused too."""

from __future__ import annotations  # the async stub exists for type checkers only

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from generation.v1 import generation_pb2_grpc
from tests.observability.collector import Collector, running_collector
from tests.stack import Stack, running_stack, stub

RUNNING, WAITING = 4, 6


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def collector() -> AsyncIterator[Collector]:
    """What the service and Envoy send their traces to."""
    async with running_collector() as collector:
        yield collector


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def observed(
    tmp_path_factory: pytest.TempPathFactory, image_model: Path, collector: Collector
) -> AsyncIterator[Stack]:
    """The real service behind the real Envoy, with all that it can tell."""
    folder = tmp_path_factory.mktemp("observed")
    async with running_stack(
        folder,
        image_model=str(image_model),
        max_running=RUNNING,
        max_waiting=WAITING,
        log_level="debug",
        log_format="json",
        trace_endpoint=collector.endpoint,
    ) as stack:
        yield stack


@pytest_asyncio.fixture(loop_scope="session")
async def watched(observed: Stack) -> AsyncIterator[generation_pb2_grpc.GenerationAsyncStub]:
    """A stub on that service."""
    async with observed.service.channel() as channel:
        yield stub(channel)
