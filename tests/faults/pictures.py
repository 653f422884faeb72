"""What a call for a picture comes back with when it succeeds, unary and streamed alike."""

from __future__ import annotations  # the async stub exists for type checkers only

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc
from PIL import Image

from tests.faults.refusals import FRAMES, request

if TYPE_CHECKING:
    from generation.v1.generation_pb2_grpc import GenerationAsyncStub


@dataclass(frozen=True)
class Painted:
    """The PNG files in order and the seed that was used."""

    files: list[bytes]
    seed: int

    @property
    def images(self) -> list[Image.Image]:
        """The files, decoded to the last pixel."""
        images = [Image.open(io.BytesIO(file), formats=["PNG"]) for file in self.files]
        return [image.copy() for image in images]


async def paint(generation: GenerationAsyncStub, method: str, **fields: object) -> Painted:
    """Calls a method with a right request, changed in these fields."""
    call = getattr(generation, method)(request(method, **fields), timeout=120)
    field = "frame" if method in FRAMES else "image_base64"
    if isinstance(call, grpc.aio.UnaryStreamCall):
        messages = [message async for message in call]
        assert [bool(message.finish_reason) for message in messages].index(True) == len(messages) - 1
        assert messages[-1].finish_reason == "stop"
        files = [getattr(message, field) for message in messages if message.HasField(field)]
        return Painted(files, messages[-1].seed)
    answer = await call
    assert answer.prompt == fields.get("prompt", "a cat")
    return Painted(list(answer.frames) if method in FRAMES else [answer.image_base64], answer.seed)
