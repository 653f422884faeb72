"""What the REST tests share: the shape of an error, raw sockets, server-sent events, gRPC-Web."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import grpc
import httpx

RPC = "/generation.v1.Generation/"
ORIGIN = "http://localhost:5173"


def detail_of(response: httpx.Response, status: int) -> str:
    """The text of an error after checking its status and that its body is {"detail": text} and no more."""
    assert response.status_code == status, response.text[:1000]
    assert response.headers["content-type"] == "application/json"
    return detail_in(response.text)


def detail_in(body: str) -> str:
    """The text in an error's body after checking that the body holds nothing else."""
    error = json.loads(body)
    assert isinstance(error, dict), body
    assert list(error) == ["detail"], body
    detail = error["detail"]
    assert isinstance(detail, str), body
    assert detail, "an error without a text"
    return detail


async def exchange(url: str, request: bytes) -> tuple[int, str]:
    """Sends bytes that no HTTP library would and reads one answer: its status and its body."""
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = dict(line.lower().split(": ", 1) for line in head.splitlines()[1:] if line)
        body = await reader.readexactly(int(headers["content-length"]))
        return int(head.split()[1]), body.decode()
    finally:
        writer.close()


async def events(response: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    """The messages of a stream of server-sent events, each one `data:` line of JSON and an empty line."""
    async for line in response.aiter_lines():
        if line:
            assert line.startswith("data: "), line
            yield json.loads(line.removeprefix("data: "))


def frame(message: bytes) -> bytes:
    """A message as gRPC and gRPC-Web frame it."""
    return b"\0" + len(message).to_bytes(4, "big") + message


def frames(body: bytes) -> list[tuple[int, bytes]]:
    """The (flags, content) of each frame of a gRPC-Web body."""
    found = []
    while body:
        size = int.from_bytes(body[1:5], "big")
        found.append((body[0], body[5 : 5 + size]))
        body = body[5 + size :]
    return found


async def call_web(url: str, method: str, message: bytes, text: bool = False) -> httpx.Response:
    """Calls a method as a browser's gRPC-Web client does, in its binary or its base64 form."""
    kind = "application/grpc-web-text" if text else "application/grpc-web+proto"
    content = base64.b64encode(frame(message)) if text else frame(message)
    async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as client:
        headers = {"content-type": kind, "accept": kind, "x-grpc-web": "1", "origin": ORIGIN}
        return await client.post(RPC + method, content=content, headers=headers)


async def call_bytes(channel: grpc.aio.Channel, method: str, message: bytes) -> bytes:
    """Calls a unary gRPC method with bytes as they are, whether they are a message or not."""
    call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method)
    return await call(message)
