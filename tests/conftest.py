"""Fixtures that many tests share. One stack serves all tests that do not break it."""

from __future__ import annotations  # the async stub exists for type checkers only

import os
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
import pytest_asyncio

from generation.v1 import generation_pb2_grpc
from service.models.catalogue import PICTUREBOOK, folder_of
from tests.stack import MODELS_DIR, Stack, running_stack, stub

# Before torch is imported: its threads must not spin for long beside those of the engines under test.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")


@pytest.fixture(scope="session")
def image_model() -> Path:
    """The checkpoint that comes with the service."""
    return folder_of(PICTUREBOOK.name, MODELS_DIR)


@pytest.fixture(scope="session")
def made_up_image_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of made-up weights with SDXL's autoencoder, whose latents are an eighth of a picture.

    Its clouds have noise that no file makes smaller.
    """
    from benchmarks.checkpoints import write_checkpoint  # here: torch and diffusers take seconds to import

    folder = tmp_path_factory.mktemp("models") / "made-up-sdxl"
    write_checkpoint(folder)
    return folder


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory, image_model: Path) -> AsyncIterator[Stack]:
    """The real service with the embedded text model and a small image model, behind the real Envoy."""
    async with running_stack(tmp_path_factory.mktemp("stack"), image_model=str(image_model)) as stack:
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
