"""A two-way pipe of messages, with a thread for each direction so that neither side ever blocks."""

import pickle
import socket
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from queue import SimpleQueue

from service.engine.messages import Message


class Channel:
    """One end of a socket pair between the service and an engine process.

    `on_message` and `on_close` are called on the reader's thread; `on_close` once, when the other
    end is gone. Messages are pickled: both ends are this program, and nothing listens.
    """

    def __init__(
        self, end: socket.socket, on_message: Callable[[Message], None], on_close: Callable[[], None]
    ) -> None:
        self._connection: Connection[Message, Message] = Connection(end.detach())
        self._outbox: SimpleQueue[Message | None] = SimpleQueue()
        self._on_message = on_message
        self._on_close = on_close
        threading.Thread(target=self._read, name="channel-reader", daemon=True).start()
        threading.Thread(target=self._write, name="channel-writer", daemon=True).start()

    def send(self, message: Message) -> None:
        """Queues a message; it is lost if the other end is gone."""
        self._outbox.put(message)

    def close(self) -> None:
        """Closes this end once the queued messages are out; the other end reads end of file."""
        self._outbox.put(None)

    def _read(self) -> None:
        try:
            while True:
                self._on_message(pickle.loads(self._connection.recv_bytes()))  # noqa: S301 - our own process
        except (EOFError, OSError):
            self._on_close()

    def _write(self) -> None:
        try:
            while (message := self._outbox.get()) is not None:
                # Connection.send's own pickler is made in Python for each message, at many times the cost.
                self._connection.send_bytes(pickle.dumps(message, pickle.HIGHEST_PROTOCOL))
            self._shut_down()
        except OSError:
            pass  # the reader sees the end of file and says so

    def _shut_down(self) -> None:
        # Closing the descriptor would not wake this end's own reader; shutting it down does.
        with socket.socket(fileno=self._connection.fileno()) as end:
            end.shutdown(socket.SHUT_RDWR)
            end.detach()
