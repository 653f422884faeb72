"""Runs a command that ends with its parent: `python bound_to_parent.py PARENT_PID COMMAND ARGUMENT...`.

The kernel is asked to send SIGTERM to this process when its parent dies, however it dies, and then the
command takes the process over. Doing this after the fork in a process of many threads is not safe,
hence a program of its own, that imports nothing of ours. Linux only; elsewhere it just runs the command.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Binds this process to its parent and becomes the command."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before the line above
            sys.exit("the parent is gone")
    os.execv(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main()
