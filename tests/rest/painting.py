"""Requests for images, edits and frames by every way there is: REST, gRPC, gRPC-Web; unary and streamed."""

from __future__ import annotations  # the async stub exists for type checkers only

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import grpc
import httpx
from google.protobuf.json_format import MessageToDict

from generation.v1 import generation_pb2 as pb
from tests.grpc.images import stream, unary
from tests.rest.client import call_web, events, frames
from tests.stack import stub

if TYPE_CHECKING:
    from tests.grpc.images import Answer, Message, Request

    News = Answer | Message

# Request to the paths of its answer and its stream.
PATHS: dict[type[Request], tuple[str, str]] = {
    pb.GenerateImageRequest: ("/image/generate", "/image/stream"),
    pb.EditImageRequest: ("/image/edit", "/image/edit/stream"),
    pb.GenerateFramesRequest: ("/video/generate-frames", "/video/stream-frames"),
}
WEB: dict[type[Request], tuple[tuple[str, type[News]], tuple[str, type[News]]]] = {
    pb.GenerateImageRequest: (
        ("GenerateImage", pb.GenerateImageResponse),
        ("StreamImage", pb.StreamImageResponse),
    ),
    pb.EditImageRequest: (("EditImage", pb.EditImageResponse), ("StreamEdit", pb.StreamImageResponse)),
    pb.GenerateFramesRequest: (
        ("GenerateFrames", pb.GenerateFramesResponse),
        ("StreamFrames", pb.StreamFramesResponse),
    ),
}


def in_json(request: Request) -> dict[str, Any]:
    """The request as its REST routes take it."""
    return MessageToDict(request, preserving_proto_field_name=True)


async def streamed_events(rest: httpx.AsyncClient, request: Request) -> list[dict[str, Any]]:
    """The server-sent events of a request."""
    async with rest.stream("POST", PATHS[type(request)][1], json=in_json(request)) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        return [event async for event in events(response)]


async def files_over_rest(rest: httpx.AsyncClient, request: Request) -> list[list[bytes]]:
    """The files of the answer and those of the stream, in order."""
    response = await rest.post(PATHS[type(request)][0], json=in_json(request))
    assert response.status_code == 200, response.text[:1000]
    return [_in_events([response.json()]), _in_events(await streamed_events(rest, request))]


async def files_over_grpc(address: str, request: Request) -> list[list[bytes]]:
    """The files of the answer and those of the stream, in order."""
    async with grpc.aio.insecure_channel(address) as channel:
        answer = await unary(stub(channel), request)
        messages = [message async for message in stream(stub(channel), request)]
    return [_in_messages([answer]), _in_messages(messages)]


async def files_over_grpc_web(url: str, request: Request) -> list[list[bytes]]:
    """The files of the answer and those of the stream, in order."""
    found = []
    for method, kind in WEB[type(request)]:
        response = await call_web(url, method, request.SerializeToString())
        *news, _trailers = [content for _, content in frames(response.content)]
        found.append(_in_messages([kind.FromString(content) for content in news]))
    return found


def _in_events(answers: list[dict[str, Any]]) -> list[bytes]:
    keys = ("image_base64", "frame", "frames", "animation")
    values = [answer[key] for answer in answers for key in keys if key in answer]
    flat = [text for value in values for text in ([value] if isinstance(value, str) else value)]
    return [base64.b64decode(text) for text in flat]


def _in_messages(messages: Sequence[News]) -> list[bytes]:
    return _in_events([MessageToDict(message, preserving_proto_field_name=True) for message in messages])
