"""Streams: iterators over what a call sends, with its result at the end.

The call starts when the first item is asked for. Closing a stream cancels the call, and the
service frees its place at the next step; leaving its `with` block, any exception and Ctrl-C close it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Generic, Protocol, Self, TypeVar

from generation_client.errors import Cancelled, converted
from generation_client.readers import Reader

Item = TypeVar("Item")
Result = TypeVar("Result")
M = TypeVar("M")
M_co = TypeVar("M_co", covariant=True)
Result_co = TypeVar("Result_co", covariant=True)


class _Cancellable(Protocol):
    def cancel(self) -> object: ...


class Call(_Cancellable, Protocol[M_co]):
    """A running call of grpc's."""

    def __iter__(self) -> Iterator[M_co]: ...


class AsyncCall(_Cancellable, Protocol[M_co]):
    """A running call of grpc.aio's."""

    def __aiter__(self) -> AsyncIterator[M_co]: ...


class _WithResult(Protocol[Result_co]):
    @property
    def result(self) -> Result_co | None: ...


class _Ending(Generic[Result]):
    """What sync and async streams share: how they end."""

    def __init__(self, reader: _WithResult[Result]) -> None:
        self._ended = reader
        self._call: _Cancellable | None = None
        self._closed = False

    @property
    def result(self) -> Result:
        """The complete result. Raises RuntimeError while the stream has not been read to its end."""
        result = self._ended.result
        if result is None:
            raise RuntimeError("the stream has not been read to its end")
        return result

    def close(self) -> None:
        """Cancels the call, if it is still running; no item comes after it. Any thread may close."""
        self._closed = True
        if self._call is not None:
            self._call.cancel()


class Stream(_Ending[Result], Generic[Item, Result]):
    """A sync stream.

    >>> with Client("localhost:50051") as client:
    ...     with client.stream_text("What is the capital of France?", temperature=0) as pieces:
    ...         print(*pieces, sep="|")
    ...     pieces.result.completion_tokens
    The| capital| of| France| is| Paris|.
    8
    """

    def __init__(self, start: Callable[[], Call[M]], reader: Reader[M, Item, Result]) -> None:
        super().__init__(reader)
        self._items = self._read(start, reader)

    def __iter__(self) -> Iterator[Item]:
        return self

    def __next__(self) -> Item:
        return next(self._items)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self, start: Callable[[], Call[M]], reader: Reader[M, Item, Result]) -> Iterator[Item]:
        try:
            if self._closed:
                return
            with converted():
                self._call = call = start()
                for message in call:
                    if (item := reader.read(message)) is not None:
                        yield item
        except Cancelled:
            if not self._closed:
                raise
        finally:
            self.close()


class AsyncStream(_Ending[Result], Generic[Item, Result]):
    """An async stream.

    >>> async def main() -> None:
    ...     async with AsyncClient("localhost:50051") as client:
    ...         async with client.stream_text("What is the capital of France?", temperature=0) as pieces:
    ...             print([piece async for piece in pieces][-2:], pieces.result.finish_reason)
    >>> asyncio.run(main())
    [' Paris', '.'] stop
    """

    def __init__(self, start: Callable[[], Awaitable[AsyncCall[M]]], reader: Reader[M, Item, Result]) -> None:
        super().__init__(reader)
        self._items = self._read(start, reader)

    def __aiter__(self) -> AsyncIterator[Item]:
        return self

    async def __anext__(self) -> Item:
        return await anext(self._items)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    async def _read(
        self, start: Callable[[], Awaitable[AsyncCall[M]]], reader: Reader[M, Item, Result]
    ) -> AsyncIterator[Item]:
        try:
            if self._closed:
                return
            with converted():
                self._call = call = await start()
                async for message in call:
                    if (item := reader.read(message)) is not None:
                        yield item
        except (Cancelled, asyncio.CancelledError):
            if not self._closed or _is_being_cancelled():
                raise
        finally:
            self.close()


def _is_being_cancelled() -> bool:
    """Whether the running task itself is cancelled, not only the call that it reads."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
