"""Ctrl-C for the launcher alone.

A terminal sends Ctrl-C to every process of its foreground group: to `make` too, which would then
report an error although everything was stopped in order.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def own_foreground() -> Iterator[None]:
    """Makes this process the terminal's foreground group while it runs, if it is in the foreground."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError:
        yield  # no terminal, no Ctrl-C
        return
    before = os.getpgrp()
    if os.tcgetpgrp(terminal) != before or before == os.getpid():
        yield  # in the background, or a group of our own already
        return
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # raised by a change of the foreground
    os.setpgid(0, 0)
    os.tcsetpgrp(terminal, os.getpgrp())
    try:
        yield
    finally:
        os.tcsetpgrp(terminal, before)
