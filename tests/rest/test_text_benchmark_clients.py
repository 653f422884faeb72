"""The benchmark of text times every message of the service, over gRPC and REST."""

import pytest

from benchmarks.text.clients import OverRest, over_grpc
from benchmarks.text.work import Asked
from tests.stack import Stack

ASKED = [Asked("Count from one to a hundred.", (), tokens, at=at) for tokens, at in ((12, 0.0), (5, 0.2))]


def check(times: list[list[float]]) -> None:
    assert [len(one) for one in times] == [12, 5]
    assert all(one == sorted(one) and len(set(one)) > 3 for one in times)
    assert times[1][0] > 0.2


async def test_calls_on_one_grpc_connection_are_timed_message_by_message(stack: Stack) -> None:
    async with over_grpc(stack.grpc_address, stack.service.process.pid) as client:
        check(await client.round(ASKED))
        check(await client.round(ASKED))  # on the same connection


async def test_events_over_rest_are_timed_as_they_come(stack: Stack) -> None:
    check(await OverRest(stack.rest_url, stack.service.process.pid).round(ASKED))


async def test_a_call_that_fails_is_told_as_such(stack: Stack) -> None:
    wrong = [Asked("", (), 5)]
    async with over_grpc(stack.grpc_address, stack.service.process.pid) as client:
        with pytest.raises(ConnectionError, match="status 3"):
            await client.round(wrong)
    with pytest.raises(ConnectionError, match="400"):
        await OverRest(stack.rest_url, stack.service.process.pid).round(wrong)
