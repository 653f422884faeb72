"""Image, edit and frame requests on their way through the service: checked, painted, made files."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace

from generation.v1 import generation_pb2 as pb
from service import errors
from service.animation import encode_animation
from service.engine.engine import Engine
from service.engine.events import Event, Picture, Progress, Queued
from service.engine.params import ImageParams
from service.metrics import Metrics
from service.params.image import AnimationFormat, check_edit, check_frames, check_image
from service.params.limits import ImageLimits
from service.pictures import encode_jpeg, encode_png

Request = pb.GenerateImageRequest | pb.EditImageRequest | pb.GenerateFramesRequest


@dataclass(frozen=True, slots=True)
class ImageJob:
    """A checked request: the prompt as it was sent, what the engine gets, the file of the frames."""

    prompt: str
    params: ImageParams
    format: AnimationFormat | None = None
    fps: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """`step` of `total_steps` are done; `preview` is a JPEG of a frame so far."""

    step: int
    total_steps: int
    preview: bytes | None
    frame_index: int


@dataclass(frozen=True, slots=True)
class Painting:
    """A complete image or frame as a PNG; `last` if nothing comes after it."""

    png: bytes
    frame_index: int
    last: bool


@dataclass(frozen=True, slots=True)
class Animation:
    """All frames as one file: what comes last where it was asked for."""

    data: bytes


News = Queued | Step | Painting | Animation


@dataclass(frozen=True, slots=True)
class Answer:
    """All paintings of a request as PNGs in order, and their animation where it was asked for."""

    pngs: list[bytes]
    animation: bytes | None


class ImageService:
    """The image model behind `engine`, or None where there is none: requests are then only checked."""

    def __init__(self, engine: Engine | None, limits: ImageLimits, metrics: Metrics) -> None:
        self._engine = engine
        self._limits = limits
        self._metrics = metrics

    async def check(self, request: Request) -> ImageJob:
        """Checks a request, off the event loop. Raises NotFound, InvalidArgument or Unavailable."""
        self._check_model(request)
        job = await asyncio.to_thread(_check, request, self._limits)
        self._engine_or_unavailable()  # last: a wrong request is wrong with and without a model
        return job

    async def stream(self, job: ImageJob, timeout_s: float) -> AsyncGenerator[News, None]:
        """Yields the request's news in order, up to the last painting or the animation.

        Files are made in threads while the engine's next events come in. Closing the generator
        cancels the request.
        """
        news: asyncio.Queue[asyncio.Task[News] | None] = asyncio.Queue()
        reader = asyncio.create_task(self._read(job, timeout_s, news))
        try:
            while (item := await news.get()) is not None:
                yield await item
            await reader  # raises what the engine raised
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)

    async def complete(self, job: ImageJob, timeout_s: float) -> Answer:
        """Everything that the request makes; no previews."""
        job = replace(job, params=replace(job.params, preview_every=0))
        async with aclosing(self.stream(job, timeout_s)) as stream:
            news = [item async for item in stream]
        last = news[-1]
        animation = last.data if isinstance(last, Animation) else None
        return Answer([item.png for item in news if isinstance(item, Painting)], animation)

    async def _read(
        self, job: ImageJob, timeout_s: float, news: "asyncio.Queue[asyncio.Task[News] | None]"
    ) -> None:
        pictures: list[Picture] = []
        engine = self._engine_or_unavailable()
        began, shown = time.monotonic(), False
        try:
            async with aclosing(engine.generate(job.params, timeout_s)) as batches:
                async for events in batches:
                    if not shown and (shown := any(map(_shows, events))):
                        self._metrics.first_picture.observe(time.monotonic() - began)
                    for event in events:
                        news.put_nowait(asyncio.create_task(_make(event, job)))
                    if job.format:
                        pictures += [event for event in events if isinstance(event, Picture)]
            if job.format:
                news.put_nowait(asyncio.create_task(_animate(pictures, job.format, job.fps)))
        finally:
            news.put_nowait(None)

    def _check_model(self, request: Request) -> None:
        name = self._engine.spec.model if self._engine else None
        if request.HasField("model") and request.model != name:
            there = f"there is {name!r}" if name else "this service has none"
            raise errors.NotFound(f"model: there is no image model {request.model[:100]!r}; {there}")

    def _engine_or_unavailable(self) -> Engine:
        if self._engine is None:
            raise errors.Unavailable(
                "this service has no image model: the request is valid and would be answered by a service "
                "that has one; GET /models (ListModels) shows what is served"
            )
        return self._engine


def _check(request: Request, limits: ImageLimits) -> ImageJob:
    match request:
        case pb.GenerateImageRequest():
            return ImageJob(request.prompt, check_image(request, limits))
        case pb.EditImageRequest():
            return ImageJob(request.prompt, check_edit(request, limits))
        case pb.GenerateFramesRequest():
            frames = check_frames(request, limits)
            return ImageJob(request.prompt, frames.params, frames.format, frames.fps)


def _shows(event: Event) -> bool:
    """Whether there is something to see in it."""
    return isinstance(event, Picture) or (isinstance(event, Progress) and event.preview is not None)


async def _make(event: Event, job: ImageJob) -> News:
    match event:
        case Queued():
            return event
        case Progress():
            preview = await asyncio.to_thread(encode_jpeg, event.preview) if event.preview else None
            return Step(event.step, event.total_steps, preview, event.frame_index)
        case Picture():
            png = await asyncio.to_thread(encode_png, event.pixels)
            return Painting(png, event.frame_index, last=event.last and job.format is None)
    raise AssertionError(f"an image request got {event}")


async def _animate(pictures: list[Picture], kind: AnimationFormat, fps: int) -> Animation:
    frames = [picture.pixels for picture in pictures]
    return Animation(await asyncio.to_thread(encode_animation, frames, kind, fps))
