"""Runs an engine process: `python -m service.engine WORK_FD CONTROL_FD`, started by the service."""

import socket
import sys

from service.engine.worker import Worker
from service.logs import configure_logging


def main() -> None:
    """Takes over the two inherited sockets and works until they close."""
    work, control, level = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    configure_logging(level)
    Worker(socket.socket(fileno=work), socket.socket(fileno=control)).run()


if __name__ == "__main__":
    main()
