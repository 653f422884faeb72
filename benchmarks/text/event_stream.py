"""A stream of server-sent events that notes when each part of it came, and is understood only afterwards."""

import asyncio
from collections.abc import Callable
from typing import cast

import h11


class EventStream(asyncio.Protocol):
    """One POST over HTTP/1.1; the server closes the connection after its answer."""

    def __init__(self, path: str, host: str, body: bytes, clock: Callable[[], float]) -> None:
        headers = {"host": host, "content-type": "application/json", "content-length": str(len(body))}
        headers |= {"connection": "close"}
        self._http = h11.Connection(h11.CLIENT)
        self._request = b"".join(
            self._http.send(part) or b""
            for part in (
                h11.Request(method="POST", target=path, headers=list(headers.items())),
                h11.Data(body),
                h11.EndOfMessage(),
            )
        )
        self._clock = clock
        self._parts: list[tuple[float, bytes]] = []
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asks."""
        cast(asyncio.Transport, transport).write(self._request)

    def data_received(self, data: bytes) -> None:
        """Notes when it came."""
        self._parts.append((self._clock(), data))

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends `closed`, with what went wrong if anything did."""
        if self.closed.done():
            return
        if exc is None:
            self.closed.set_result(None)
        else:
            self.closed.set_exception(exc)

    def events(self) -> list[tuple[float, str]]:
        """When each event was whole, and its data. Raises ConnectionError if the answer is none of events."""
        events, text = [], b""
        for at, part in self._parts:
            self._http.receive_data(part)
            while not isinstance(event := self._http.next_event(), (type(h11.NEED_DATA), h11.EndOfMessage)):
                if isinstance(event, h11.Response) and event.status_code != 200:
                    raise ConnectionError(f"the server answered {event.status_code}")
                if isinstance(event, h11.Data):
                    text += event.data
            *whole, text = text.split(b"\n\n")
            events += [(at, one.decode().removeprefix("data: ")) for one in whole]
        return events
