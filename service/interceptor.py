"""What surrounds every call: a deadline, the status of errors, its true code, the drain.

Standard services (health, reflection) pass through untouched: they answer during a drain too.
"""

from __future__ import annotations  # grpc's classes are generic for type checkers only

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any, TypeAlias, TypeVar, cast

import grpc
from google.protobuf.message import DecodeError, Message

from service import errors
from service.observer import Call, Observer
from service.outgoing import ClientGone, Context, Outgoing

PREFIX = "/generation.v1."
ALWAYS_ANSWERED = ("GetHealth", "ListModels", "ListStyles", "ListServedModels")
# The service answers a little before the deadline, so that the client reads a reason and not only
# its own timer.
DEADLINE_MARGIN_S = 0.02
# A client's timer starts when it sends a call, the service's when the call arrives: on a busy machine the
# client's may end the call first, and to gRPC that looks like a cancel.
CLOCKS_APART_S = 0.25

Q = TypeVar("Q")
A = TypeVar("A")
Unary = Callable[[Message, Context], Awaitable[Message]]
Wrapped: TypeAlias = "Callable[[Message | None, Context], Awaitable[A]]"
Stream = Callable[[Message, Context], AsyncGenerator[Message, None]]
log = logging.getLogger(__name__)


def seconds_left(context: Context, default_s: float) -> float:
    """The seconds a call may still take: the client's deadline, less a margin, or the default."""
    left = context.time_remaining()
    return default_s if left is None else max(0.0, left - DEADLINE_MARGIN_S)


class CallInterceptor(grpc.aio.ServerInterceptor):
    """Wraps the methods of our services.

    `draining` refuses new work; `cut` ends those in flight with Unavailable.
    """

    def __init__(self, observer: Observer, deadline_s: float) -> None:
        self._observer = observer
        self._deadline_s = deadline_s
        self._timers: set[asyncio.Timeout] = set()
        self._cut = False
        self.draining = False

    @property
    def in_flight(self) -> int:
        """How many calls are being answered."""
        return len(self._timers)

    def cut(self) -> None:
        """Ends the calls in flight with Unavailable, now."""
        self._cut = True
        for timer in self._timers:
            timer.reschedule(asyncio.get_running_loop().time())

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler[Q, A] | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Q, A] | None:
        """Replaces a method of ours by its wrapped form."""
        handler = await continuation(handler_call_details)
        method = handler_call_details.method
        if handler is None or not method.startswith(PREFIX):
            return handler
        name = method.removeprefix("/")
        wrapped: grpc.RpcMethodHandler[Any, Any]
        if handler.response_streaming:
            wrapped = grpc.unary_stream_rpc_method_handler(
                cast(Any, self._wrap_stream(name, cast(Stream, handler.unary_stream))),
                _forgiving(handler.request_deserializer),
                handler.response_serializer,
            )
        else:
            wrapped = grpc.unary_unary_rpc_method_handler(
                cast(Any, self._wrap_unary(name, cast(Unary, handler.unary_unary))),
                _forgiving(handler.request_deserializer),
                handler.response_serializer,
            )
        return wrapped

    def _wrap_unary(self, method: str, behaviour: Unary) -> Wrapped[Message]:
        async def call(request: Message | None, context: Context) -> Message:
            async with self._call(method, context):
                return await behaviour(_decoded(request), context)
            raise AssertionError("a failed call has been aborted")

        return call

    def _wrap_stream(self, method: str, behaviour: Stream) -> Wrapped[None]:
        # A coroutine that writes, not a generator: a cancel is then raised in here at once, and
        # `aclosing` passes it on to the engine without waiting for the garbage collector.
        async def call(request: Message | None, context: Context) -> None:
            async with (
                self._call(method, context) as outgoing,
                aclosing(behaviour(_decoded(request), context)) as messages,
            ):
                async for message in messages:
                    await outgoing.write(message)

        return call

    @asynccontextmanager
    async def _call(self, method: str, context: Context) -> AsyncIterator[Outgoing]:
        outgoing = Outgoing(context)
        with self._observer.observe(method, dict(context.invocation_metadata() or ())) as call:
            try:
                async with asyncio.timeout(seconds_left(context, self._deadline_s)) as timer:
                    self._timers.add(timer)
                    if self.draining and call.method not in ALWAYS_ANSWERED:
                        raise errors.Unavailable("the service is shutting down", retry_after=5)
                    yield outgoing
                call.code = grpc.StatusCode.OK
            except BaseException as exception:
                if _is_cancel(exception):
                    call.code = _code_of_cancel(context)
                    raise
                error = self._as_service_error(exception, call)
                call.code = error.code
                await outgoing.abort(error, call.request_id)
            finally:
                self._timers.discard(timer)

    def _as_service_error(self, exception: BaseException, call: Call) -> errors.ServiceError:
        if isinstance(exception, errors.ServiceError):
            return exception
        if isinstance(exception, TimeoutError) and self._cut:
            return errors.Unavailable("the service is shutting down", retry_after=5)
        if isinstance(exception, TimeoutError):
            return errors.DeadlineExceeded("the deadline passed before the request was complete")
        log.error("%s failed, request id %s", call.method, call.request_id, exc_info=exception)
        return errors.InternalError(call.request_id)


def _forgiving(decode: Callable[[bytes], Q] | None) -> Callable[[bytes], Q | None]:
    """Decodes what is no message to None: an exception here would reach the client with its own text."""
    assert decode is not None

    def attempt(data: bytes) -> Q | None:
        try:
            return decode(data)
        except DecodeError:
            return None

    return attempt


def _decoded(request: Message | None) -> Message:
    if request is None:
        raise errors.InvalidArgument([errors.Violation("request", "is not a message of this method")])
    return request


def _is_cancel(exception: BaseException) -> bool:
    """Whether the call itself was cancelled: a CancelledError from inside would leave the client waiting."""
    task = asyncio.current_task()
    if isinstance(exception, asyncio.CancelledError):
        return isinstance(exception, ClientGone) or (task is not None and task.cancelling() > 0)
    return isinstance(exception, (GeneratorExit, KeyboardInterrupt, SystemExit))


def _code_of_cancel(context: Context) -> grpc.StatusCode:
    """What the client itself sees of a call that it ended: its deadline, or its cancel."""
    left = context.time_remaining()
    if left is not None and left < CLOCKS_APART_S:
        return grpc.StatusCode.DEADLINE_EXCEEDED
    return grpc.StatusCode.CANCELLED
