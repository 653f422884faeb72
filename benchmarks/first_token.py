"""How long a newcomer waits: from `make run` in an empty clone to the first token through REST.

    .venv/bin/python -m benchmarks.first_token

Clones the repository into a temporary folder, types `make run`, asks through the REST port until the
first piece of text comes, stops everything, and does the same a second time in the same folder.
"""

import json
import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_S = 900


def main() -> None:
    """Measures both starts and prints them."""
    with tempfile.TemporaryDirectory(prefix="first-token-") as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        for name, bound in (("empty clone", 360), ("second time", 20)):
            seconds, code = start(clone)
            print(
                f"{name}: first token after {seconds:.1f} s (bound {bound} s), stopped with exit code {code}"
            )


def start(clone: Path) -> tuple[float, int]:
    """Seconds from `make run` to the first token, and the exit code after a stop."""
    ports = _free_ports(5)
    rest = f"--rest-ports=[{ports[0]},{ports[1]}]"
    flags = f"{rest} --port={ports[2]} --metrics-port={ports[3]} --admin-port={ports[4]}"
    # As from a newcomer's shell: this program's own virtual environment must not help.
    environment = {
        name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")
    }
    began = time.monotonic()
    run = subprocess.Popen(
        ["make", "run", f"ARGS={flags}"], cwd=clone, env=environment, start_new_session=True
    )
    try:
        _wait_for_first_token(f"http://127.0.0.1:{ports[0]}/text/stream", run, began + PATIENCE_S)
        return time.monotonic() - began, _stop(run)
    finally:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)


def _wait_for_first_token(url: str, run: subprocess.Popen[bytes], end: float) -> None:
    body = json.dumps({"prompt": "What is the capital of France?", "max_tokens": 8}).encode()
    while time.monotonic() < end:
        if run.poll() is not None:
            raise SystemExit(f"make run ended with {run.returncode}")
        try:
            with urllib.request.urlopen(urllib.request.Request(url, body), timeout=60) as response:
                if b'"text"' in response.readline():
                    return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise SystemExit("no token came")


def _stop(run: subprocess.Popen[bytes]) -> int:
    """Interrupts the launcher alone, as Ctrl-C in a terminal does, and returns make's exit code."""
    family = psutil.Process(run.pid).children(recursive=True)
    launcher = next(process for process in family if process.cmdline()[1:3] == ["-m", "launcher"])
    launcher.send_signal(signal.SIGINT)
    return run.wait(timeout=60)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [server.getsockname()[1] for server in sockets]
    for server in sockets:
        server.close()
    return ports


if __name__ == "__main__":
    main()
