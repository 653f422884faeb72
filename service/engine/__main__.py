"""Runs an engine process: `python -m service.engine WORK_FD CONTROL_FD ...`, started by the service."""

import socket
import sys
from typing import cast

from service.engine.worker import Worker
from service.logs import LogFormat, configure_logging


def main() -> None:
    """Takes over the two inherited sockets and works until they close."""
    work, control, level, kind, _ = sys.argv[1:]
    configure_logging(level, cast(LogFormat, kind))
    Worker(socket.socket(fileno=int(work)), socket.socket(fileno=int(control))).run()


if __name__ == "__main__":
    main()
