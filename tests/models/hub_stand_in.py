"""A stand-in for the Hugging Face hub: the tree of a commit, and its files with ranges.

As on the real one, large files are answered with a redirect to another host (here another name of
this machine), which must not receive the token.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

REPO = "someone/tiny"
REVISION = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class HubStandIn:
    """What the stand-in serves, how it misbehaves, and what it was asked for."""

    port: int = 0
    files: dict[str, bytes] = field(default_factory=dict)
    refuse_with: HTTPStatus | None = None  # for every file
    break_after: list[int] = field(default_factory=list)  # bytes of each next large answer, then it breaks
    ignore_ranges: bool = False
    claimed_size: int | None = None  # of every file, in the tree
    damage: bytes = b""  # overwrites the beginning of large files on their way
    asked: list[tuple[str, int]] = field(default_factory=list)  # path and first byte
    tokens: dict[str, str | None] = field(default_factory=dict)  # by "hub" and "store"

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def add_folder(self, folder: Path) -> None:
        for path in folder.rglob("*"):
            if path.is_file():
                self.files[path.relative_to(folder).as_posix()] = path.read_bytes()

    def tree(self) -> list[dict[str, object]]:
        entries: list[dict[str, object]] = [{"type": "directory", "path": "unet", "size": 0, "oid": "0"}]
        for path, content in self.files.items():
            size = len(content) if self.claimed_size is None else self.claimed_size
            entry: dict[str, object] = {"type": "file", "path": path, "size": size, "oid": "0"}
            if is_large(path):
                digest = hashlib.sha256(content).hexdigest()
                entry["lfs"] = {"oid": digest, "size": len(content), "pointerSize": 134}
            entries.append(entry)
        return entries


def is_large(path: str) -> bool:
    return path.endswith(".safetensors")


@contextmanager
def running_hub() -> Iterator[HubStandIn]:
    hub = HubStandIn()

    class Handler(_Handler):
        served = hub

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hub.port = server.server_port
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    served: HubStandIn
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path.startswith("/api/"):
            self._send_tree(path)
        elif (resolve := f"/{REPO}/resolve/{REVISION}/") and path.startswith(resolve):
            self._resolve(path.removeprefix(resolve))
        elif path.startswith("/store/"):
            self.served.tokens["store"] = self.headers.get("Authorization")
            self._send_file(path.removeprefix("/store/"))
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def _send_tree(self, path: str) -> None:
        if path != f"/api/models/{REPO}/tree/{REVISION}":
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        self._answer(HTTPStatus.OK, json.dumps(self.served.tree()).encode())

    def _resolve(self, file: str) -> None:
        self.served.tokens["hub"] = self.headers.get("Authorization")
        if self.served.refuse_with is not None:
            self.send_error(self.served.refuse_with)
        elif is_large(file):
            self._answer(HTTPStatus.FOUND, b"", Location=f"http://localhost:{self.served.port}/store/{file}")
        else:
            self._send_file(file)

    def _send_file(self, file: str) -> None:
        content = self.served.files[file]
        if is_large(file):
            content = self.served.damage + content[len(self.served.damage) :]
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(wanted[1]) if wanted and not self.served.ignore_ranges else 0
        self.served.asked.append((file, start))
        status = HTTPStatus.OK if self.served.ignore_ranges else HTTPStatus.PARTIAL_CONTENT
        sent = self.served.break_after.pop(0) if is_large(file) and self.served.break_after else None
        self._answer(status, content[start:], sent)

    def _answer(self, status: HTTPStatus, body: bytes, sent: int | None = None, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[:sent])
        self.close_connection = sent is not None

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass
