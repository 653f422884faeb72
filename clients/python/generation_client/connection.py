"""How a client connects: the channel's options, and how long it tries.

A call is sent only once the connection stands, so what is tried again is connecting and never a
call: a replayed one would repeat work or end a second engine. gRPC itself tries again, with a
growing pause between the attempts; here is only the limit.
"""

import time
from dataclasses import dataclass

import grpc

from generation_client.errors import DeadlineExceeded, Unavailable

MAX_MESSAGE_BYTES = 64 * 1024 * 1024
CONNECT_TIMEOUT_S = 5.0
OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one call may take, and how much of that may go into connecting; in seconds."""

    address: str
    connect_timeout: float
    ends: float | None

    @classmethod
    def begin(cls, address: str, connect_timeout: float, timeout: float | None) -> "Patience":
        """Starts the clock; a timeout of None leaves it to the service, which takes 600 s."""
        return cls(address, connect_timeout, None if timeout is None else time.monotonic() + timeout)

    def left(self) -> float | None:
        """What is left for the call, at least 0; None without a timeout."""
        return None if self.ends is None else max(0.0, self.ends - time.monotonic())

    def for_connecting(self) -> float:
        """What connecting may take."""
        left = self.left()
        return self.connect_timeout if left is None else min(left, self.connect_timeout)

    def connected(self, code: grpc.StatusCode) -> None:
        """Raises if a call that only waits for the connection ended with `code` for want of one."""
        if code is not grpc.StatusCode.DEADLINE_EXCEEDED:
            return  # somebody answered
        if self.left() == 0:
            raise DeadlineExceeded(f"the timeout passed before {self.address} could be connected to")
        raise Unavailable(f"cannot connect to {self.address} within {self.connect_timeout:g} s")
