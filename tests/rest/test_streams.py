"""Streams over REST: server-sent events, errors before and after the first one."""

from itertools import pairwise

import httpx

from tests.rest.client import detail_of, events

BODY = {"prompt": "Count to five", "max_tokens": 12, "temperature": 0, "seed": 7}


async def test_a_text_stream_is_server_sent_events_and_adds_up_to_the_whole_text(
    rest: httpx.AsyncClient,
) -> None:
    whole = (await rest.post("/text/generate", json=BODY)).json()
    async with rest.stream("POST", "/text/stream", json=BODY) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        pieces = [event async for event in events(response)]
    assert "".join(piece.get("text", "") for piece in pieces) == whole["text"]
    assert all("finish_reason" not in piece for piece in pieces[:-1])
    assert pieces[-1]["finish_reason"] == whole["finish_reason"]
    assert pieces[-1]["seed"] == 7
    assert pieces[-1]["completion_tokens"] == whole["completion_tokens"]


async def test_events_say_only_what_is_new(rest: httpx.AsyncClient) -> None:
    async with rest.stream("POST", "/text/stream", json=BODY) as response:
        first = await anext(events(response))
    assert set(first) <= {"text"}


async def test_each_event_is_one_data_line_and_an_empty_line(rest: httpx.AsyncClient) -> None:
    response = await rest.post("/text/stream", json=BODY)
    assert response.text.endswith("\n\n")
    lines = response.text.removesuffix("\n").split("\n")
    assert all(bool(line) != bool(following) for line, following in pairwise(lines))


async def test_a_stream_that_cannot_start_has_a_status_and_a_detail(rest: httpx.AsyncClient) -> None:
    assert detail_of(await rest.post("/text/stream", json={"prompt": ""}), 400)
    assert detail_of(await rest.post("/text/stream", json={"prompt": "a", "model": "none such"}), 404)
