"""The way of image requests through the service, with events from a script in an engine's place."""

import asyncio
import io
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest
from PIL import Image

from generation.v1 import generation_pb2 as pb
from service import errors, image_service
from service.convert.image import edit_response, frames_event, frames_response, image_event, image_response
from service.engine.engine import Engine
from service.engine.events import Event, Picture, Pixels, Progress, Queued
from service.engine.messages import EngineSpec
from service.engine.params import ImageParams
from service.image_service import Animation, ImageService, News, Painting, Step
from service.metrics import Metrics
from service.params.limits import ImageLimits
from tests.image_files import encode

LIMITS = ImageLimits(max_pixels=1_572_864, max_frame_pixels=16_777_216)
COLORS = ("red", "green", "blue")
SPEC = EngineSpec(
    modality="image", model="tiny", folder=Path(), device="cpu", dtype="float32", threads=0, max_running=1
)


def pixels(color: str, side: int = 64) -> Pixels:
    return Pixels(side, side, Image.new("RGB", (side, side), color).tobytes())


PREVIEW = Progress(1, 2, pixels("grey", 32))
IMAGE: Sequence[Event] = (Queued(2, 1.5), PREVIEW, Progress(2, 2), Picture(pixels("red"), 0, last=True))
FRAMES: Sequence[Event] = (
    Queued(0, 3.0),
    Progress(1, 2, pixels("grey", 32), frame_index=1),
    *(Picture(pixels(color), i, last=i == 2) for i, color in enumerate(COLORS)),
)


@dataclass
class ScriptedEngine:
    """Gives back a script's events, waits where it has a pause in seconds, and ends with an error if any."""

    script: Sequence[Event | float | Exception]
    spec: EngineSpec = SPEC
    asked: list[ImageParams] = field(default_factory=list)
    closed: bool = False

    async def generate(self, params: ImageParams, timeout_s: float) -> AsyncGenerator[list[Event], None]:
        self.asked.append(params)
        try:
            for item in self.script:
                if isinstance(item, Exception):
                    raise item
                if isinstance(item, float):
                    await asyncio.sleep(item)
                else:
                    yield [item]
        finally:
            self.closed = True


def service(*script: Event | float | Exception) -> tuple[ImageService, ScriptedEngine]:
    engine = ScriptedEngine(script)
    return ImageService(cast(Engine, engine), LIMITS, Metrics()), engine


async def stream(images: ImageService, request: image_service.Request) -> list[News]:
    job = await images.check(request)
    async with aclosing(images.stream(job, 10)) as news:
        return [item async for item in news]


def color_of(png: bytes) -> str:
    image = Image.open(io.BytesIO(png))
    assert (image.format, image.size) == ("PNG", (64, 64))
    return {(255, 0, 0): "red", (0, 128, 0): "green", (0, 0, 255): "blue"}[image.getpixel((0, 0))]  # type: ignore[index]


async def test_the_messages_of_an_image_are_its_place_its_steps_and_itself() -> None:
    images, _ = service(*IMAGE)
    job = await images.check(pb.GenerateImageRequest(prompt="a cat", seed=7, preview_every=1))
    first, step, last_step, last = [image_event(job, news) async for news in images.stream(job, 10)]
    assert first == pb.StreamImageResponse(queue_position=2, estimated_seconds=1.5)
    assert (step.step, step.total_steps, step.HasField("image_base64")) == (1, 2, False)
    assert Image.open(io.BytesIO(step.preview)).format == "JPEG"
    assert last_step == pb.StreamImageResponse(step=2, total_steps=2)
    assert (last.seed, last.finish_reason, color_of(last.image_base64)) == (7, "stop", "red")


async def test_the_first_place_in_the_queue_is_said_and_not_left_out() -> None:
    images, _ = service(*FRAMES)
    job = await images.check(pb.GenerateFramesRequest(prompt="x"))
    messages = [frames_event(job, news) async for news in images.stream(job, 10)]
    assert messages[0].HasField("queue_position")
    assert messages[2].HasField("frame_index")


async def test_the_messages_of_frames_are_each_frame_as_it_is_ready() -> None:
    images, engine = service(*FRAMES)
    job = await images.check(pb.GenerateFramesRequest(prompt="a cat", seed=7, num_frames=3))
    _, step, *frames = [frames_event(job, news) async for news in images.stream(job, 10)]
    assert (step.step, step.frame_index, step.HasField("preview")) == (1, 1, True)
    assert [frame.frame_index for frame in frames] == [0, 1, 2]
    assert [color_of(frame.frame) for frame in frames] == list(COLORS)
    assert {frame.num_frames for frame in frames} == {3}
    assert [frame.finish_reason for frame in frames] == ["", "", "stop"]
    assert (frames[2].seed, frames[1].HasField("seed"), frames[2].HasField("animation")) == (7, False, False)
    assert engine.asked[0].num_frames == 3


@pytest.mark.parametrize(("kind", "magic"), [("webp", b"WEBP"), ("mp4", b"ftyp")])
async def test_an_animation_comes_after_its_frames_and_ends_the_stream(kind: str, magic: bytes) -> None:
    images, _ = service(*FRAMES)
    job = await images.check(pb.GenerateFramesRequest(prompt="a cat", seed=7, format=kind))
    *frames, last = [frames_event(job, news) async for news in images.stream(job, 10)][2:]
    assert [frame.finish_reason for frame in frames] == ["", "", ""]
    assert (last.seed, last.finish_reason, last.HasField("frame")) == (7, "stop", False)
    assert magic in last.animation[:16]


async def test_a_complete_answer_has_the_prompt_as_sent_and_no_previews_are_made() -> None:
    images, engine = service(*IMAGE)
    asked = pb.GenerateImageRequest(prompt="a cat", seed=7, preview_every=1, style="anime")
    job = await images.check(asked)
    answer = await images.complete(job, 10)
    image = image_response(job, answer)
    assert (image.prompt, image.seed, color_of(image.image_base64)) == ("a cat", 7, "red")
    assert engine.asked[0].preview_every == 0
    assert engine.asked[0].prompt != "a cat"


async def test_a_complete_edit_and_complete_frames_go_the_same_way() -> None:
    images, engine = service(*IMAGE)
    upload = encode(Image.new("RGB", (64, 64)), "PNG")
    job = await images.check(pb.EditImageRequest(prompt="a cat", seed=7, image_base64=upload))
    edit = edit_response(job, await images.complete(job, 10))
    assert (edit.prompt, edit.seed, color_of(edit.image_base64)) == ("a cat", 7, "red")
    assert engine.asked[0].edit is not None
    images, _ = service(*FRAMES)
    for kind in (None, "webp"):
        job = await images.check(pb.GenerateFramesRequest(prompt="a cat", seed=7, format=kind))
        frames = frames_response(job, await images.complete(job, 10))
        assert (frames.prompt, frames.seed, [color_of(png) for png in frames.frames]) == (
            "a cat",
            7,
            [*COLORS],
        )
        assert frames.HasField("animation") == (kind is not None)


async def test_news_come_in_order_while_files_are_made_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = {"red": 0.3, "green": 0.2, "blue": 0.1}

    def slow(picture: Pixels) -> bytes:
        png = encode(Image.frombytes("RGB", (64, 64), picture.data), "PNG")
        time.sleep(seconds[color_of(png)])
        return png

    monkeypatch.setattr(image_service, "encode_png", slow)
    images, _ = service(*FRAMES)
    began = time.monotonic()
    news = await stream(images, pb.GenerateFramesRequest(prompt="x"))
    assert time.monotonic() - began < 0.5
    assert [color_of(item.png) for item in news if isinstance(item, Painting)] == list(COLORS)


async def test_a_file_in_the_making_does_not_hold_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(picture: Pixels) -> bytes:
        time.sleep(0.3)
        return picture.data

    monkeypatch.setattr(image_service, "encode_png", slow)
    images, _ = service(*IMAGE)
    running = asyncio.create_task(stream(images, pb.GenerateImageRequest(prompt="x")))
    longest, last = 0.0, time.monotonic()
    while not running.done():
        await asyncio.sleep(0.005)
        longest, last = max(longest, time.monotonic() - last), time.monotonic()
    assert longest < 0.2


async def test_closing_a_stream_cancels_the_request_before_the_close_returns() -> None:
    images, engine = service(Progress(1, 99), 60.0, Progress(2, 99))
    job = await images.check(pb.GenerateImageRequest(prompt="x"))
    news = images.stream(job, 10)
    assert await anext(news) == Step(1, 99, None, 0)
    assert not engine.closed
    await news.aclose()
    assert engine.closed


async def test_cancelling_whoever_waits_for_the_next_news_cancels_the_request() -> None:
    images, engine = service(60.0)
    waiting = asyncio.create_task(stream(images, pb.GenerateImageRequest(prompt="x")))
    await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert engine.asked
    assert engine.closed


async def test_what_the_engine_fails_with_comes_after_the_news_before_it() -> None:
    images, engine = service(*FRAMES[:3], errors.OutOfMemory("too big"))
    job = await images.check(pb.GenerateFramesRequest(prompt="x", format="webp"))
    news = images.stream(job, 10)
    assert [type(await anext(news)) for _ in range(3)] == [Queued, Step, Painting]
    with pytest.raises(errors.OutOfMemory, match="too big"):
        await anext(news)
    assert engine.closed
    with pytest.raises(errors.OutOfMemory):
        await images.complete(job, 10)


async def test_an_unknown_model_lists_what_exists() -> None:
    request = pb.GenerateImageRequest(prompt="", model="sdxl")
    with pytest.raises(errors.NotFound, match="there is no image model 'sdxl'; there is 'tiny'"):
        await service()[0].check(request)
    with pytest.raises(errors.NotFound, match="there is no image model 'sdxl'; this service has none"):
        await ImageService(None, LIMITS, Metrics()).check(request)
    request = pb.GenerateImageRequest(prompt="x", model="tiny")
    assert (await service()[0].check(request)).prompt == "x"


async def test_without_a_model_requests_are_checked_and_unavailable() -> None:
    images = ImageService(None, LIMITS, Metrics())
    with pytest.raises(errors.InvalidArgument):
        await images.check(pb.GenerateImageRequest(prompt=""))
    with pytest.raises(errors.Unavailable, match="the request is valid"):
        await images.check(pb.GenerateImageRequest(prompt="x"))


async def test_an_animation_is_asked_for_by_its_format_alone() -> None:
    images, _ = service(*FRAMES)
    news = await stream(images, pb.GenerateFramesRequest(prompt="x", fps=60))
    assert not any(isinstance(item, Animation) for item in news)
