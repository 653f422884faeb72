"""Connections that note when each message came, at next to no cost.

gRPC's own client in Python takes as long over a message as a service does, from the cores that are measured.
Here h2 speaks HTTP/2, but for the frames that carry messages: of those only the lengths are read.
"""

import asyncio
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ResponseReceived, StreamEnded, StreamReset, TrailersReceived
from h2.settings import SettingCodes

LARGEST_WINDOW = (1 << 31) - 1
FIRST_WINDOW = 65_535  # of a connection, by the standard
FRAME_HEADER, DATA, PADDED = 9, 0, 8
MESSAGE_HEADER = 5
Clock = Callable[[], float]


@dataclass(slots=True)
class Messages:
    """What a call was answered: when each message came, and the last of them."""

    clock: Clock
    ended: asyncio.Future[None]
    times: list[float] = field(default_factory=list)
    last: bytes = b""
    _rest: bytes = b""

    def push(self, data: bytes) -> None:
        """Takes the next part of the answer's body."""
        data = self._rest + data
        while len(data) >= MESSAGE_HEADER:
            end = MESSAGE_HEADER + cast(int, struct.unpack_from(">xI", data)[0])
            if len(data) < end:
                break
            self.times.append(self.clock())
            self.last, data = data[MESSAGE_HEADER:end], data[end:]
        self._rest = data


class GrpcConnection(asyncio.Protocol):
    """One connection to a gRPC server, for any number of calls at once."""

    def __init__(self, authority: str) -> None:
        self._authority = authority
        self._h2 = H2Connection(H2Configuration(client_side=True))
        self._calls: dict[int, Messages] = {}
        self._rest = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greets the server, and leaves it room for all it will ever send."""
        self._transport = cast(asyncio.Transport, transport)
        self._h2.initiate_connection()
        self._h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: LARGEST_WINDOW})
        self._h2.increment_flow_control_window(LARGEST_WINDOW - FIRST_WINDOW)
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        """Fails the calls that are still under way."""
        for call in self._calls.values():
            if not call.ended.done():
                call.ended.set_exception(exc or ConnectionError("the server closed the connection"))

    def close(self) -> None:
        """Ends the connection."""
        if self._transport is not None:
            self._transport.close()

    async def call(self, method: str, message: bytes, clock: Clock) -> Messages:
        """Calls a method ("/package.Service/Method") that answers with a stream, and waits for its end.

        Raises ConnectionError if the call fails.
        """
        stream = self._h2.get_next_available_stream_id()
        told = {":method": "POST", ":scheme": "http", ":path": method, ":authority": self._authority}
        told |= {"content-type": "application/grpc", "te": "trailers"}
        self._h2.send_headers(stream, list(told.items()))
        call = self._calls[stream] = Messages(clock, asyncio.get_running_loop().create_future())
        framed = struct.pack(">xI", len(message)) + message
        while self._h2.local_flow_control_window(stream) < len(framed):
            self._send()
            await asyncio.sleep(0)  # the server makes room as it reads
        self._h2.send_data(stream, framed, end_stream=True)
        self._send()
        try:
            await call.ended
        finally:
            del self._calls[stream]
        return call

    def data_received(self, data: bytes) -> None:
        """Takes whole frames as they come."""
        data = self._rest + data
        start = 0
        while len(data) - start >= FRAME_HEADER:
            size, kind, flags, stream = struct.unpack_from(">3sBBI", data, start)
            end = start + FRAME_HEADER + int.from_bytes(size)
            if len(data) < end:
                break
            if kind == DATA and not flags & PADDED:
                self._calls[stream].push(data[start + FRAME_HEADER : end])
            else:
                self._receive(data[start:end])
            start = end
        self._rest = data[start:]

    def _receive(self, frame: bytes) -> None:
        for event in self._h2.receive_data(frame):
            match event:
                case ResponseReceived(stream_id=stream) | TrailersReceived(stream_id=stream):
                    told = {name.decode(): value.decode() for name, value in event.headers}
                    if (status := told.get("grpc-status", "0")) != "0":
                        self._end(stream, f"gRPC status {status}: {told.get('grpc-message')}")
                case StreamReset(stream_id=stream):
                    self._end(stream, "the server ended the call")
                case StreamEnded(stream_id=stream):
                    self._end(stream)
        self._send()

    def _end(self, stream: int, failure: str = "") -> None:
        """Ends a call once: a server may reset a stream that is complete."""
        call = self._calls.get(stream)
        if call is None or call.ended.done():
            return
        if failure:
            call.ended.set_exception(ConnectionError(failure))
        else:
            call.ended.set_result(None)

    def _send(self) -> None:
        assert self._transport is not None
        self._transport.write(self._h2.data_to_send())
