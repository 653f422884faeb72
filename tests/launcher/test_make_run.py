"""`make run` as a person uses it: in a terminal, ended with Ctrl-C."""

import fcntl
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import termios
import time
from collections.abc import Iterator

import httpx
import psutil
import pytest

from tests.ports import free_ports
from tests.stack import MODELS_DIR

CTRL_C = b"\x03"


class Terminal:
    """A command in a terminal of its own."""

    def __init__(self, command: list[str]) -> None:
        self._keyboard, screen = pty.openpty()
        self.process = subprocess.Popen(
            command,
            stdin=screen,
            stdout=screen,
            stderr=screen,
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        os.close(screen)
        self.output = ""

    def type(self, keys: bytes) -> None:
        os.write(self._keyboard, keys)

    def until(self, text: str, seconds: float = 60) -> None:
        """Reads the screen until a text appears."""
        end = time.monotonic() + seconds
        while text not in self.output:
            assert time.monotonic() < end, self.output
            assert self._read() or self.process.poll() is None, self.output

    def ends(self, seconds: float = 20) -> int:
        """The exit code."""
        end = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < end:
            self._read()
        return self.process.wait(timeout=1)

    def close(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self._keyboard)

    def _read(self) -> bool:
        if not select.select([self._keyboard], [], [], 0.1)[0]:
            return False
        try:
            self.output += os.read(self._keyboard, 4096).decode(errors="replace")
        except OSError:  # Linux's way to say that the last writer is gone
            return False
        return True


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.fixture
def ports() -> list[int]:
    return free_ports(5)


@pytest.fixture
def terminal(ports: list[int]) -> Iterator[Terminal]:
    first, second, grpc, metrics, admin = ports
    flags = f"--rest-ports=[{first},{second}] --port={grpc} --metrics-port={metrics} --admin-port={admin}"
    terminal = Terminal(["make", "run", f"ARGS={flags}", f"MODELS_DIR={MODELS_DIR}"])
    yield terminal
    terminal.close()


def test_make_run_shows_what_is_served_answers_and_leaves_nothing_after_ctrl_c(
    terminal: Terminal, ports: list[int]
) -> None:
    terminal.until("Ctrl-C stops")
    for port in ports[:2]:
        assert f"http://127.0.0.1:{port}" in terminal.output
        answer = httpx.post(f"http://127.0.0.1:{port}/text/generate", json={"prompt": "Hi", "max_tokens": 2})
        assert answer.status_code == 200
    assert re.search(r"text\s+smollm2-135m-instruct on cpu", terminal.output)
    family = psutil.Process(terminal.process.pid).children(recursive=True)
    assert len(family) >= 4  # the launcher, the service, an engine, Envoy
    terminal.type(CTRL_C)
    assert terminal.ends() == 0, terminal.output
    assert psutil.wait_procs(family, timeout=2)[1] == []
    assert "Traceback" not in terminal.output


def test_ctrl_c_lets_a_request_in_flight_finish(terminal: Terminal, ports: list[int]) -> None:
    terminal.until("Ctrl-C stops")
    asked = {"prompt": "Tell me a very long story.", "max_tokens": 60, "temperature": 0}
    with httpx.stream("POST", f"http://127.0.0.1:{ports[0]}/text/stream", json=asked, timeout=60) as response:
        lines = response.iter_lines()
        next(lines)
        terminal.type(CTRL_C)
        events = [line for line in lines if line]
    assert '"finish_reason":"length"' in events[-1]
    assert terminal.ends() == 0, terminal.output


def test_a_second_ctrl_c_ends_everything_at_once(terminal: Terminal, ports: list[int]) -> None:
    terminal.until("Ctrl-C stops")
    family = psutil.Process(terminal.process.pid).children(recursive=True)
    asked = {"prompt": "Tell me a very long story.", "max_tokens": 3000, "temperature": 0}
    with httpx.stream("POST", f"http://127.0.0.1:{ports[0]}/text/stream", json=asked, timeout=60) as response:
        next(response.iter_lines())
        terminal.type(CTRL_C)
        terminal.until("Stopping")
        terminal.type(CTRL_C)
        assert psutil.wait_procs(family, timeout=5)[1] == []
    assert terminal.ends() != 0


def test_a_taken_port_is_named_and_nothing_is_left_running(ports: list[int]) -> None:
    first, second, grpc, metrics, admin = ports
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", second))
        taken.listen()
        flags = f"--rest-ports=[{first},{second}] --port={grpc} --metrics-port={metrics} --admin-port={admin}"
        done = subprocess.run(
            [sys.executable, "-m", "launcher", *flags.split(), f"--models-dir={MODELS_DIR}"],
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode == 1
    assert str(second) in done.stderr
    assert "Traceback" not in done.stderr
