"""The diffusion pipeline: a step is a UNet call that requests share, or a piece of one's own work."""

import time
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor

from service.engine.events import Progress, Queued
from service.engine.messages import EngineSpec
from service.engine.params import ImageParams
from service.engine.pipeline import OutOfMemory
from service.engine.request import Request
from service.pipelines.diffusion.denoise import predict_noise
from service.pipelines.diffusion.model import DiffusionModel
from service.pipelines.diffusion.pace import Pace
from service.pipelines.diffusion.painting import Painting
from service.pipelines.diffusion.preview import Preview
from service.pipelines.diffusion.stages import (
    Stages,
    count_calls,
    count_steps,
    frame_groups,
    new_frames,
    paint,
)
from service.pipelines.diffusion.width import Shape, Widths
from service.pipelines.memory import out_of_memory

ImageRequest = Request[ImageParams]


@dataclass(slots=True, eq=False)
class ImageState:
    """How far an image request is.

    `painting` is what its next step denoises, None where the step is its own. `groups` are the
    groups of frames that are begun, `calls` the denoising steps done.
    """

    stages: Stages
    painting: Painting | None = None
    groups: int = 0
    calls: int = 0


def state_of(request: ImageRequest) -> ImageState:
    """The diffusion pipeline's state of a request."""
    return cast(ImageState, request.state)


class DiffusionPipeline:
    """Images, edits and frames of one model."""

    def __init__(self, model: DiffusionModel, preview: Preview, widths: Widths, spec: EngineSpec) -> None:
        self._model = model
        self._preview = preview
        self._widths = widths
        self._spec = spec
        self._pace = Pace()

    def capacity(self) -> int:
        """Pixels of the requests that run at once."""
        return self._spec.running_pixels

    def cost(self, request: ImageRequest) -> int:
        """Pixels of the request's widest call; the largest request fits, alone."""
        images = max(map(len, frame_groups(request.params.num_frames)))
        return min(self._pixels(request) * images, self.capacity())

    def arrive(self, request: ImageRequest, others: Sequence[ImageRequest]) -> None:
        """Counts the request's steps and tells it how many go before it, and how long that takes."""
        request.steps_left = count_steps(self._model, request.params)
        fits = sum(map(self.cost, [*others, request])) <= self.capacity()
        ahead = [other for other in others if not fits or other.urgency <= request.urgency]
        seconds = sum(map(self._seconds_left, [*ahead, request]))
        request.emit(Queued(len(ahead), round(seconds, 2)))

    def start(self, request: ImageRequest) -> None:
        """Nothing is computed yet: that is the first step's."""
        request.state = ImageState(paint(self._model, request))
        request.preparing = self._widths.shared

    def batch_key(self, request: ImageRequest) -> Hashable:
        """The latents' shape while denoising; nobody else's otherwise."""
        painting = state_of(request).painting
        if painting is None:
            return "own", request.id
        if not self._spec.batch_invariant:
            return _shape(painting)
        # Beside a longer prompt a shorter one is padded, which changes the last bits of its rows.
        return (*_shape(painting), *sorted({len(half.hidden) for half in painting.guide.halves}))

    def rows(self, request: ImageRequest) -> int:
        """Rows of its UNet call."""
        painting = state_of(request).painting
        return 1 if painting is None else painting.rows

    def width(self, key: Hashable) -> int:
        """Rows that share a UNet call of this shape."""
        first, second, *_ = cast(tuple[int | str, int], key)
        return 1 if isinstance(first, str) else self._widths.rows((first, second))

    def step(self, requests: Sequence[ImageRequest]) -> None:
        """One UNet call for all, or one piece of the only request's own work."""
        began = time.monotonic()
        with torch.inference_mode():
            if state_of(requests[0]).painting is None:
                self._work(requests[0])
                stage, pixels = "own", self._pixels(requests[0])
            else:
                stage, pixels = "denoise", self._denoise(requests)
            if self._model.device.type == "cuda":
                torch.cuda.synchronize()  # a step is over when its numbers are there
        self._pace.note(stage, pixels, time.monotonic() - began)

    def finish(self, request: ImageRequest) -> None:
        """Lets go of the latents."""
        state_of(request).stages.close()
        request.state = None

    def _work(self, request: ImageRequest) -> None:
        state = state_of(request)
        with out_of_memory():
            state.painting = next(state.stages, None)
        if state.painting is not None:
            state.groups += 1
            request.preparing = False
        request.steps_left = max(1, request.steps_left - 1)

    def _denoise(self, requests: Sequence[ImageRequest]) -> int:
        """Returns the pixels of the call, over all its rows, those that only fill it too."""
        paintings = [painting for request in requests if (painting := state_of(request).painting)]
        shape, rows = _shape(paintings[0]), sum(painting.rows for painting in paintings)
        predicted = self._predict(paintings, shape, rows)
        for request, painting, noise in zip(requests, paintings, predicted, strict=True):
            painting.advance(noise)
            self._report(request, painting)
        return self._filled(shape, rows) * self._pixels(requests[0])

    def _predict(self, paintings: list[Painting], shape: Shape, rows: int) -> list[Tensor]:
        filled = self._filled(shape, rows)
        try:
            with out_of_memory():
                return predict_noise(self._model, paintings, filled)
        except OutOfMemory:
            self._widths.shrink(shape, filled)
            if filled == rows:
                raise
        return self._predict(paintings, shape, rows)  # it was the padding that did not fit

    def _filled(self, shape: Shape, rows: int) -> int:
        """The rows of a call for so many: up to the shape's one width where bytes must not depend on it."""
        return max(rows, self._widths.rows(shape)) if self._spec.batch_invariant else rows

    def _report(self, request: ImageRequest, painting: Painting) -> None:
        state, params = state_of(request), request.params
        groups = frame_groups(params.num_frames)
        total, calls = len(groups) * params.steps_to_run, len(groups) * len(painting.timesteps)
        before = state.calls * total // calls
        state.calls += 1
        request.steps_left = max(1, request.steps_left - 1)
        step = state.calls * total // calls
        if step > before:  # noise schedulers of second order take two calls a step
            frames = groups[state.groups - 1]
            self._tell(request, painting, Progress(step, total, None, frames[-new_frames(frames)]))
        if painting.complete:
            state.painting = None

    def _tell(self, request: ImageRequest, painting: Painting, progress: Progress) -> None:
        every = request.params.preview_every
        if every and progress.step % every == 0 and painting.clean is not None:
            first = 1 if len(painting.clean) > 1 else 0
            progress = replace(progress, preview=self._preview.paint(painting.clean[first]))
        request.emit(progress)

    def _seconds_left(self, request: ImageRequest) -> float:
        """The seconds that a request takes alone for what it has left."""
        params = request.params
        groups, calls = frame_groups(params.num_frames), count_calls(self._model, params)
        shape = self._model.latent_shape(params.width, params.height)
        halves = 2 if params.guidance_scale > 1 else 1
        rows = sum(self._filled(shape, halves * len(frames)) for frames in groups)
        steps = count_steps(self._model, params)
        own = steps - calls * len(groups)
        whole = self._pace.seconds("denoise", calls * rows * self._pixels(request))
        whole += self._pace.seconds("own", own * self._pixels(request))
        return whole * request.steps_left / steps

    def _pixels(self, request: ImageRequest) -> int:
        """The pixels of each of its images, as they are painted."""
        width, height = self._model.padded(request.params.width, request.params.height)
        return width * height


def _shape(painting: Painting) -> Shape:
    height, width = painting.latents.shape[-2:]
    return height, width
