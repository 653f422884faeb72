"""Runs image requests through a scheduler around a pipeline, without processes or sockets."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from service.engine.events import Picture, Pixels, Progress
from service.engine.messages import EngineSpec
from service.engine.params import ImageParams
from service.engine.scheduler import Scheduler
from service.pipelines.diffusion.model import DiffusionModel
from service.pipelines.diffusion.painting import Painting
from service.pipelines.diffusion.pipeline import DiffusionPipeline, ImageRequest, state_of
from service.pipelines.diffusion.preview import Preview
from service.pipelines.diffusion.width import Widths
from tests.pipelines.diffusion.stock import Stock
from tests.pipelines.running import NO_DEADLINE


class Run:
    """Requests in one scheduler, the latents they come to, and how many took each step together."""

    def __init__(self, pipeline: DiffusionPipeline) -> None:
        self.scheduler = Scheduler(pipeline)
        self.requests: list[ImageRequest] = []
        self.paintings: dict[int, Painting] = {}
        self.shared: list[int] = []

    def add(self, wanted: ImageParams) -> ImageRequest:
        request = ImageRequest(len(self.requests), wanted, NO_DEADLINE)
        self.requests.append(request)
        self.scheduler.add(request)
        return request

    def step(self) -> None:
        for request in self.scheduler.running:
            painting = state_of(request).painting
            if painting is not None:
                self.paintings[request.id] = painting
        self.shared.append(len(self.scheduler.step()))

    def finish(self) -> "Run":
        while not self.scheduler.idle:
            self.step()
        return self

    def latents(self, number: int) -> Tensor:
        """The last painting's latents, of a request that is complete."""
        return self.paintings[number].latents

    def pictures(self, number: int = 0) -> list[Pixels]:
        events = self.requests[number].events
        return [event.pixels for event in events if isinstance(event, Picture)]

    def progress(self, number: int = 0) -> list[Progress]:
        return [event for event in self.requests[number].events if isinstance(event, Progress)]


def run(pipeline: DiffusionPipeline, *asked: ImageParams) -> Run:
    """Requests that come all at once."""
    running = Run(pipeline)
    for wanted in asked:
        running.add(wanted)
    return running.finish()


def run_together(pipeline: DiffusionPipeline, *asked: ImageParams) -> Run:
    """Requests that come all at once, and are denoised only when all are ready for it."""
    running = Run(pipeline)
    for wanted in asked:
        running.add(wanted)
    while not running.scheduler.idle:
        for request in running.scheduler.running:
            request.passed_over = 0 if state_of(request).painting else 1000
        running.step()
    return running


def run_joining(pipeline: DiffusionPipeline, asked: Sequence[ImageParams], seed: int) -> Run:
    """Requests that come and take their turns at random, whatever the scheduler would rather do."""
    chance, running, left = random.Random(seed), Run(pipeline), list(asked)
    while left or not running.scheduler.idle:
        if left and (running.scheduler.idle or chance.random() < 0.5):
            running.add(left.pop(0))
        for request in running.scheduler.running:
            request.passed_over = chance.randrange(100)
        running.step()
    return running


def difference(running: Run, stock: Stock) -> float:
    """The largest one between the latents and those of diffusers, over all requests."""
    pairs = [(running.latents(request.id), stock.latents(request.params)) for request in running.requests]
    return max(float((ours - theirs).abs().max()) for ours, theirs in pairs)


def pixels(picture: Pixels) -> NDArray[np.float64]:
    """[height, width, 3] from 0 to 255."""
    flat = np.frombuffer(picture.data, np.uint8).astype(np.float64)
    return flat.reshape(picture.height, picture.width, 3)


def build(model: DiffusionModel, preview: Preview, spec: EngineSpec, **changes: object) -> DiffusionPipeline:
    """A fresh pipeline, as `load` makes it but without its warm-up."""
    spec = replace(spec, **changes)  # type: ignore[arg-type]
    return DiffusionPipeline(model, preview, Widths(spec, _measured), spec)


def _measured(shape: tuple[int, int], rows: int) -> None:
    raise AssertionError("a CPU's widths are not measured")


Make = Callable[..., DiffusionPipeline]
