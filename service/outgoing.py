"""What a call sends: a stream's messages, and how a call that failed ends."""

from __future__ import annotations  # grpc's classes are generic for type checkers only

import asyncio
from typing import TypeAlias

import grpc
from google.protobuf.message import Message

from generation.v1 import openai_pb2 as openai
from service import errors

Context: TypeAlias = "grpc.aio.ServicerContext[Message, Message]"


class ClientGone(asyncio.CancelledError):
    """Nobody is there to send to: what gRPC's own cancel of the call says a moment later."""


class Outgoing:
    """What one call has sent: a stream's last message, and whether one is still on its way."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._last: Message | None = None
        self._on_its_way = False

    async def write(self, message: Message) -> None:
        """Sends a message of a stream, once the client has room for it. Raises ClientGone."""
        self._on_its_way = True
        try:
            await self._context.write(message)
        except grpc.aio.InternalError:
            raise ClientGone from None
        self._last, self._on_its_way = message, False

    async def abort(self, error: errors.ServiceError, request_id: str) -> None:
        """Ends the call. A stream that has begun ends with an event: REST clients cannot see trailers.

        Raises grpc's AbortError, or ClientGone.
        """
        # gRPC takes no second message while one waits for a slow client, only the status.
        if self._last is not None and not self._on_its_way:
            await self.write(_failure(self._last, error))
        trailers = errors.trailing_metadata(error, request_id)
        try:
            await self._context.abort(error.code, error.detail, trailers)
        except grpc.aio.InternalError:
            raise ClientGone from None


def _failure(last: Message, error: errors.ServiceError) -> Message:
    """The event that ends a stream of such messages."""
    if isinstance(last, (openai.ChatCompletionChunk, openai.Completion)):
        told = openai.StreamError(message=error.detail, type=error.reason)
        return type(last)(id=last.id, object=last.object, created=last.created, model=last.model, error=told)
    return type(last)(finish_reason="error", detail=error.detail)
