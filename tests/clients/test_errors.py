"""What is wrong with a call, as the client tells it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TypedDict

import pytest
import pytest_asyncio
from generation_client import (
    AsyncClient,
    AsyncStream,
    Client,
    DeadlineExceeded,
    GenerationError,
    InvalidArgument,
    NotFound,
    ResourceExhausted,
    Text,
    Unavailable,
)

from tests.stack import Service, running_service

STORY = "Tell me a very long story."


class Long(TypedDict):
    max_tokens: int
    repetition_penalty: float


LONG: Long = {"max_tokens": 2000, "repetition_penalty": 2.0}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def narrow(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """A service that writes one text, lets one wait, and serves no images."""
    log = tmp_path_factory.mktemp("narrow") / "service.log"
    async with running_service(log, max_running=1, max_waiting=1) as service:
        yield service


def test_every_wrong_field_is_named_with_what_it_takes(client: Client) -> None:
    with pytest.raises(InvalidArgument) as failed:
        client.image("A cat", width=63, num_inference_steps=0)
    violations = {violation.field: violation.description for violation in failed.value.violations}
    assert set(violations) == {"width", "num_inference_steps"}
    assert "64" in violations["width"]
    assert failed.value.message == "; ".join(f"{field}: {told}" for field, told in violations.items())
    assert (failed.value.reason, failed.value.retry_after) == ("INVALID_ARGUMENT", None)
    assert failed.value.request_id


async def test_a_stream_tells_the_same(async_client: AsyncClient) -> None:
    with pytest.raises(InvalidArgument) as failed:
        await anext(async_client.stream_text("Hello", temperature=3))
    assert [violation.field for violation in failed.value.violations] == ["temperature"]
    assert failed.value.request_id


def test_a_number_that_no_field_can_hold_is_named_without_a_call(client: Client) -> None:
    with pytest.raises(InvalidArgument) as failed:
        client.text("Hello", max_tokens=2**40)
    assert [violation.field for violation in failed.value.violations] == ["max_tokens"]


def test_a_keyword_that_no_request_has_is_a_type_error(client: Client) -> None:
    with pytest.raises(TypeError, match="words"):
        client.text("Hello", words=3)  # type: ignore[call-arg]


def test_a_model_that_is_not_served_is_not_found(client: Client) -> None:
    with pytest.raises(NotFound, match="no-such-model"):
        client.text("Hello", model="no-such-model")


def test_the_timeout_of_a_call_is_its_deadline(client: Client) -> None:
    with pytest.raises(DeadlineExceeded):
        client.image("A cat", width=512, height=512, num_inference_steps=150, timeout=0.5)
    with pytest.raises(DeadlineExceeded):
        list(client.stream_text(STORY, **LONG, timeout=0.3))


async def test_the_timeout_of_an_async_call_is_its_deadline(async_client: AsyncClient) -> None:
    with pytest.raises(DeadlineExceeded):
        await async_client.image("A cat", width=512, height=512, num_inference_steps=150, timeout=0.5)


async def test_a_full_queue_says_when_to_come_back(narrow: Service) -> None:
    async with AsyncClient(narrow.address) as client:
        running = client.stream_text(STORY, **LONG)
        await anext(running)
        waiting = [client.stream_text(STORY, **LONG) for _ in range(2)]
        with pytest.raises(ResourceExhausted) as failed:
            await _first_failure(waiting)
        for stream in (running, *waiting):
            stream.close()
    assert failed.value.retry_after is not None
    assert failed.value.retry_after > 0
    assert failed.value.reason == "QUEUE_FULL"


async def _first_failure(streams: list[AsyncStream[str, Text]]) -> None:
    await asyncio.gather(*(anext(stream) for stream in streams))


async def test_where_no_images_are_served_there_is_no_use_in_waiting(narrow: Service) -> None:
    async with AsyncClient(narrow.address) as client:
        with pytest.raises(Unavailable) as failed:
            await client.image("A cat")
    assert failed.value.retry_after is None
    assert failed.value.request_id


def test_every_error_is_a_generation_error() -> None:
    assert {kind.__name__ for kind in GenerationError.__subclasses__()} >= {
        "InvalidArgument",
        "NotFound",
        "ResourceExhausted",
        "Unavailable",
        "DeadlineExceeded",
        "Internal",
    }
