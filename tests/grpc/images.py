"""What tests of images share: requests that take a known way, files opened, the engine watched."""

from __future__ import annotations  # the async stub exists for type checkers only

import asyncio
import io
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from generation.v1 import generation_pb2 as pb
from tests.image_files import encode
from tests.stack import Service

if TYPE_CHECKING:
    import grpc

    from generation.v1.generation_pb2_grpc import GenerationAsyncStub

    Request = pb.GenerateImageRequest | pb.EditImageRequest | pb.GenerateFramesRequest
    Answer = pb.GenerateImageResponse | pb.EditImageResponse | pb.GenerateFramesResponse
    Message = pb.StreamImageResponse | pb.StreamFramesResponse

PROMPT = "A cat wearing sunglasses"


def picture(width: int = 128, height: int = 64, kind: str = "PNG", **options: object) -> bytes:
    """An image file: colours that run from corner to corner."""
    red, green = Image.linear_gradient("L"), Image.linear_gradient("L").rotate(90)
    colours = Image.merge("RGB", (red, green, Image.new("L", red.size, 60)))
    return encode(colours.resize((width, height)), kind, **options)


def opened(file: bytes, kind: str = "PNG") -> Image.Image:
    """The image in a file of this kind, decoded to its end."""
    image = Image.open(io.BytesIO(file))
    image.load()
    assert image.format == kind
    return image


SMALL: dict[str, Request] = {
    "image": pb.GenerateImageRequest(
        prompt=PROMPT, width=128, height=64, num_inference_steps=4, seed=7, preview_every=2
    ),
    "edit": pb.EditImageRequest(
        prompt=PROMPT, image_base64=picture(), num_inference_steps=5, seed=7, preview_every=2
    ),
    "frames": pb.GenerateFramesRequest(
        prompt=PROMPT,
        width=128,
        height=64,
        num_frames=6,
        num_inference_steps=4,
        seed=7,
        preview_every=2,
        format="webp",
    ),
}

# Requests that are long at one stage, and the engine's steps after which they are in the midst of it.
# Their steps take longer than a cancel's way, on a busy machine too.
STAGES: dict[str, tuple[Request, int]] = {
    "its image is encoded": (pb.EditImageRequest(prompt=PROMPT, image_base64=picture(1024, 1024)), 2),
    "denoising": (pb.GenerateImageRequest(prompt=PROMPT, width=512, height=512, num_inference_steps=150), 5),
    "decoding": (pb.GenerateImageRequest(prompt=PROMPT, num_inference_steps=1, guidance_scale=0), 3),
}


def unary(generation: GenerationAsyncStub, request: Request) -> grpc.aio.UnaryUnaryCall[Request, Answer]:
    """Calls the method that answers the complete result."""
    methods = {
        pb.GenerateImageRequest: generation.GenerateImage,
        pb.EditImageRequest: generation.EditImage,
        pb.GenerateFramesRequest: generation.GenerateFrames,
    }
    return methods[type(request)](request)  # type: ignore[no-any-return, operator]


def stream(generation: GenerationAsyncStub, request: Request) -> grpc.aio.UnaryStreamCall[Request, Message]:
    """Calls the method that streams."""
    methods = {
        pb.GenerateImageRequest: generation.StreamImage,
        pb.EditImageRequest: generation.StreamEdit,
        pb.GenerateFramesRequest: generation.StreamFrames,
    }
    return methods[type(request)](request)  # type: ignore[no-any-return, operator]


@dataclass
class EngineWatch:
    """The image engine since a moment at which it had nothing to do."""

    service: Service
    steps: float = 0
    dropped: float = 0
    within_a_step: float = 0

    @classmethod
    async def begin(cls, service: Service) -> EngineWatch:
        """Begins to count, once what an earlier test left is gone."""
        watch = cls(service)
        await watch.until("running", 0)
        watch.steps, watch.dropped, watch.within_a_step = await watch._counts()
        return watch

    async def until(self, gauge: str, count: int, seconds: float = 60) -> None:
        """Waits until so many requests are "running" or "waiting"."""
        end = time.monotonic() + seconds
        while await self._read(f"generation_engine_{gauge}") != count:
            assert time.monotonic() < end, f"not {count} {gauge}"
            await asyncio.sleep(0.01)

    async def until_steps(self, steps: int, seconds: float = 60) -> None:
        """Waits until so many steps are taken."""
        end = time.monotonic() + seconds
        while (await self._counts())[0] < self.steps + steps:
            assert time.monotonic() < end, f"fewer than {steps} steps"
            await asyncio.sleep(0.01)

    async def all_dropped_within_a_step(self, count: int, seconds: float = 30) -> None:
        """Waits until the engine has nothing to do: so many requests left it, a step late at most."""
        await self.until("running", 0, seconds)
        await self.until("waiting", 0, seconds)
        _, dropped, within_a_step = await self._counts()
        assert dropped - self.dropped == count
        assert within_a_step - self.within_a_step == count

    async def _counts(self) -> tuple[float, float, float]:
        return (
            await self._read("generation_engine_steps_total"),
            await self._read("generation_engine_drop_steps_count"),
            await self._read("generation_engine_drop_steps_bucket", r',le="1\.0"'),
        )

    async def _read(self, name: str, label: str = "") -> float:
        return await self.service.metric(rf'{name}\{{engine="image"{label}\}}')
