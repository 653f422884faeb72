"""What a call comes back with when it fails, read as a client reads it."""

from __future__ import annotations  # the async stub exists for type checkers only

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import grpc
import pytest
from google.protobuf import any_pb2
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from PIL import Image

from generation.v1 import generation_pb2 as pb
from tests.image_files import encode

if TYPE_CHECKING:
    from generation.v1.generation_pb2_grpc import GenerationAsyncStub

# The RPCs by what they take: the unary one, the streaming one.
TEXT = ("GenerateText", "StreamText")
IMAGE = ("GenerateImage", "StreamImage")
EDIT = ("EditImage", "StreamEdit")
FRAMES = ("GenerateFrames", "StreamFrames")
SIZED = IMAGE + FRAMES
PICTURES = IMAGE + EDIT + FRAMES

# A request for a picture that is right finds no model to paint it yet.
ACCEPTED = grpc.StatusCode.UNAVAILABLE

Request: TypeAlias = (
    pb.GenerateTextRequest | pb.GenerateImageRequest | pb.EditImageRequest | pb.GenerateFramesRequest
)
_KINDS: dict[tuple[str, ...], Callable[..., Request]] = {
    TEXT: pb.GenerateTextRequest,
    IMAGE: pb.GenerateImageRequest,
    EDIT: pb.EditImageRequest,
    FRAMES: pb.GenerateFramesRequest,
}
_PICTURE = encode(Image.new("RGB", (64, 64)), "PNG")
# A path, an address in memory, a place in a program, or an exception by its name.
_INTERNALS = re.compile(r"(^|[\s'\"(])/\w|0x[0-9a-f]{6}|\.py\b|Traceback|\w(Error|Exception|Warning)\b|PIL")


@dataclass(frozen=True)
class Refusal:
    """A failed call: its code, its text, and what its BadRequest says of each field."""

    code: grpc.StatusCode
    detail: str
    fields: dict[str, str]


def request(method: str, **fields: object) -> Request:
    """A request that is right, but for these fields."""
    (kind,) = (kind for methods, kind in _KINDS.items() if method in methods)
    right: dict[str, object] = {"prompt": "a cat"}
    if method in EDIT:
        right["image_base64"] = _PICTURE
    return kind(**right | fields)


async def refusal(generation: GenerationAsyncStub, method: str, **fields: object) -> Refusal:
    """Calls a method, unary or streaming, with a right request but for these fields: how it fails.

    Its text carries nothing of the inside, and an INVALID_ARGUMENT has a BadRequest that says the
    same as its text.
    """
    call = getattr(generation, method)(request(method, **fields), timeout=30)
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await (call.read() if isinstance(call, grpc.aio.UnaryStreamCall) else call)
    status = rpc_status.from_call(failed.value)
    assert status is not None, f"{failed.value.code()} without details: {failed.value.details()}"
    found = _violations(status.details)
    if failed.value.code() == grpc.StatusCode.INVALID_ARGUMENT:
        assert found
        assert status.message == "; ".join(f"{field}: {told}" for field, told in found.items())
    assert not _INTERNALS.search(status.message.replace("GET /models", "")), status.message
    assert len(status.message) < 1000, "an error repeats the request"
    return Refusal(failed.value.code(), status.message, found)


async def wrong_fields(generation: GenerationAsyncStub, method: str, **fields: object) -> dict[str, str]:
    """As `refusal`, of a request that has to be an INVALID_ARGUMENT: what is told of each field."""
    refused = await refusal(generation, method, **fields)
    assert refused.code == grpc.StatusCode.INVALID_ARGUMENT, refused
    return refused.fields


def _violations(details: Iterable[any_pb2.Any]) -> dict[str, str]:
    bad = error_details_pb2.BadRequest()
    unpacked = any(detail.Unpack(bad) for detail in details)
    return {v.field: v.description for v in bad.field_violations} if unpacked else {}
