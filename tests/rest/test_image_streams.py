"""Images, edits and frames as server-sent events, and the same bytes by every way."""

from __future__ import annotations

import base64
import io
from itertools import pairwise
from typing import Any

import av
import httpx
import pytest
from PIL import Image

from tests.grpc.images import SMALL, EngineWatch, opened
from tests.rest.client import detail_of, events
from tests.rest.painting import (
    PATHS,
    files_over_grpc,
    files_over_grpc_web,
    files_over_rest,
    in_json,
    streamed_events,
)
from tests.stack import Stack


@pytest.mark.parametrize("kind", ["image", "edit"])
async def test_an_image_streams_its_place_its_steps_its_previews_and_itself(
    rest: httpx.AsyncClient, kind: str
) -> None:
    first, *progress, last = await streamed_events(rest, SMALL[kind])
    assert list(first) == ["queue_position", "estimated_seconds"]
    assert first["queue_position"] == 0
    assert first["estimated_seconds"] > 0
    assert [event["step"] for event in progress] == [1, 2, 3, 4]
    bare = ["step", "total_steps"]
    assert [list(event) for event in progress] == [bare, [*bare, "preview"]] * 2
    assert {event["total_steps"] for event in progress} == {4}
    for event in progress[1::2]:
        opened(base64.b64decode(event["preview"]), "JPEG")
    assert list(last) == ["image_base64", "seed", "finish_reason"]
    assert opened(base64.b64decode(last["image_base64"])).size == (128, 64)
    assert (last["seed"], last["finish_reason"]) == (7, "stop")


async def test_frames_stream_one_by_one_in_order_and_their_film_at_the_end(rest: httpx.AsyncClient) -> None:
    first, *news, last = await streamed_events(rest, SMALL["frames"])
    assert list(first) == ["queue_position", "estimated_seconds"]
    steps = [event for event in news if "step" in event]
    frames = [event for event in news if "frame" in event]
    assert len(steps) + len(frames) == len(news)
    assert all(after["step"] == before["step"] + 1 for before, after in pairwise(steps))
    assert steps[-1]["step"] == steps[-1]["total_steps"]
    assert all(("preview" in event) == ("frame_index" in event) for event in steps)
    assert sum("preview" in event for event in steps) == steps[-1]["step"] // 2
    assert [list(event) for event in frames] == [["frame_index", "num_frames", "frame"]] * 6
    assert [event["frame_index"] for event in frames] == [*range(6)]
    assert news.index(frames[0]) < news.index(steps[-1])
    assert set(last) == {"animation", "seed", "finish_reason"}
    assert (last["seed"], last["finish_reason"]) == (7, "stop")


async def test_the_first_frame_comes_while_the_others_are_painted(
    stack: Stack, rest: httpx.AsyncClient
) -> None:
    watch = await EngineWatch.begin(stack.service)
    asked = {"prompt": "a", "width": 512, "height": 512, "num_frames": 9, "num_inference_steps": 4}
    async with rest.stream("POST", "/video/stream-frames", json=asked) as response:
        news = events(response)
        while "frame" not in await anext(news):
            pass
        await watch.until("running", 1, seconds=0.1)


@pytest.mark.parametrize("kind", ["webp", "mp4"])
async def test_a_film_opens_and_has_every_frame(rest: httpx.AsyncClient, kind: str) -> None:
    asked: dict[str, Any] = in_json(SMALL["frames"]) | {"format": kind}
    answer = (await rest.post("/video/generate-frames", json=asked)).json()
    assert list(answer) == ["frames", "prompt", "seed", "animation"]
    film = io.BytesIO(base64.b64decode(answer["animation"]))
    if kind == "webp":
        assert getattr(Image.open(film, formats=["WEBP"]), "n_frames", 1) == 6
    else:
        with av.open(film, "r") as movie:
            assert len([*movie.decode(movie.streams.video[0])]) == 6


@pytest.mark.parametrize("kind", SMALL)
async def test_the_same_bytes_come_by_every_way_unary_and_streamed(
    stack: Stack, rest: httpx.AsyncClient, kind: str
) -> None:
    asked = SMALL[kind]
    files = [
        *await files_over_grpc(stack.grpc_address, asked),
        *await files_over_grpc(stack.rest_urls[1].removeprefix("http://"), asked),
        *await files_over_grpc_web(stack.rest_url, asked),
        *await files_over_rest(rest, asked),
    ]
    assert len(files) == 8
    assert len(files[0]) == (7 if kind == "frames" else 1)
    assert all(other == files[0] for other in files[1:])


@pytest.mark.parametrize("kind", SMALL)
async def test_a_stream_that_cannot_start_has_a_status_and_a_detail(
    rest: httpx.AsyncClient, kind: str
) -> None:
    path, asked = PATHS[type(SMALL[kind])][1], in_json(SMALL[kind])
    assert "prompt" in detail_of(await rest.post(path, json=asked | {"prompt": " "}), 400)
    assert "none such" in detail_of(await rest.post(path, json=asked | {"model": "none such"}), 404)


async def test_a_deadline_that_passes_is_a_504_or_the_last_event(
    stack: Stack, rest: httpx.AsyncClient
) -> None:
    watch = await EngineWatch.begin(stack.service)
    asked = {"prompt": "a", "width": 512, "height": 512, "num_inference_steps": 150}
    soon = {"grpc-timeout": "500m"}
    told = "the deadline passed before the request was complete"
    assert detail_of(await rest.post("/image/generate", json=asked, headers=soon), 504) == told
    async with rest.stream("POST", "/image/stream", json=asked, headers=soon) as response:
        assert response.status_code == 200
        *_, last = [event async for event in events(response)]
    assert last == {"finish_reason": "error", "detail": told}
    await watch.until("running", 0, seconds=3)
