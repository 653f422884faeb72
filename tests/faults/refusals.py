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
# What makes each kind right, and pictures small and quick.
_RIGHT: dict[tuple[str, ...], dict[str, object]] = {
    TEXT: {},
    IMAGE: {"width": 64, "height": 64, "num_inference_steps": 1},
    EDIT: {"image_base64": _PICTURE, "strength": 1.0, "num_inference_steps": 1},
    FRAMES: {"width": 64, "height": 64, "num_inference_steps": 1, "num_frames": 2},
}
# A path, an address in memory, a place in a program, or an exception by its name.
_INTERNALS = re.compile(r"(^|[\s'\"(])/\w|0x[0-9a-f]{6}|\.py\b|Traceback|\w(Error|Exception|Warning)\b|PIL")


@dataclass(frozen=True)
class Refusal:
    """A failed call: its code, its ErrorInfo's reason, its text, what its BadRequest says of each field."""

    code: grpc.StatusCode
    reason: str
    detail: str
    fields: dict[str, str]


def request(method: str, **fields: object) -> Request:
    """A request that is right, but for these fields."""
    (methods,) = (methods for methods in _KINDS if method in methods)
    return _KINDS[methods](**{"prompt": "a cat"} | _RIGHT[methods] | fields)


async def refusal(generation: GenerationAsyncStub, method: str, **fields: object) -> Refusal:
    """Calls a method, unary or streaming, with a right request but for these fields: how it fails.

    Its text carries nothing of the inside, an INVALID_ARGUMENT has a BadRequest that says the same
    as its text, and a stream that had begun ends with a message that says it too.
    """
    call = getattr(generation, method)(request(method, **fields), timeout=60)
    last = None
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        if isinstance(call, grpc.aio.UnaryUnaryCall):
            await call
        else:
            async for message in call:
                last = message
    status = rpc_status.from_call(failed.value)
    assert status is not None, f"{failed.value.code()} without details: {failed.value.details()}"
    found = _violations(status.details)
    if failed.value.code() == grpc.StatusCode.INVALID_ARGUMENT:
        assert found
        assert status.message == "; ".join(f"{field}: {told}" for field, told in found.items())
    assert last is None or (last.finish_reason, last.detail) == ("error", status.message)
    assert not _INTERNALS.search(status.message.replace("GET /models", "")), status.message
    assert len(status.message) < 1000, "an error repeats the request"
    return Refusal(failed.value.code(), _reason(status.details), status.message, found)


async def wrong_fields(generation: GenerationAsyncStub, method: str, **fields: object) -> dict[str, str]:
    """As `refusal`, of a request that has to be an INVALID_ARGUMENT: what is told of each field."""
    refused = await refusal(generation, method, **fields)
    assert refused.code == grpc.StatusCode.INVALID_ARGUMENT, refused
    return refused.fields


def _violations(details: Iterable[any_pb2.Any]) -> dict[str, str]:
    bad = error_details_pb2.BadRequest()
    unpacked = any(detail.Unpack(bad) for detail in details)
    return {v.field: v.description for v in bad.field_violations} if unpacked else {}


def _reason(details: Iterable[any_pb2.Any]) -> str:
    info = error_details_pb2.ErrorInfo()
    assert any(detail.Unpack(info) for detail in details), "no ErrorInfo"
    return str(info.reason)
