"""Fetching the picture sets: pinned, whole or not at all."""

import base64
import hashlib
import io
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from training.sources import PACKAGES, Package, fetch


def archive(**files: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as target:
        for name, text in files.items():
            member = tarfile.TarInfo(f"package/{name}.json")
            member.size = len(text)
            target.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


class Registry(HTTPServer):
    """Answers every path with one archive and counts how often it was asked."""

    content = b""
    asked: tuple[str, ...] = ()


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Registry)
        self.server.asked += (self.path,)
        self.send_response(200)
        self.send_header("content-length", str(len(self.server.content)))
        self.end_headers()
        self.wfile.write(self.server.content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry(("127.0.0.1", 0), Answer) as server:
        server.content = archive(icons='{"icons": {}}', readme="{}")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def package(content: bytes) -> Package:
    digest = base64.b64encode(hashlib.sha512(content).digest()).decode()
    return Package("@sets/pictures", "1.2.3", "MIT", "somebody", digest, "icons.json")


def url(registry: Registry) -> str:
    return f"http://127.0.0.1:{registry.server_port}"


def test_a_package_is_fetched_once_and_only_what_is_used_is_kept(registry: Registry, tmp_path: Path) -> None:
    wanted = package(registry.content)
    folder = fetch(wanted, tmp_path, url(registry))
    assert fetch(wanted, tmp_path, url(registry)) == folder
    assert registry.asked == ("/@sets/pictures/-/pictures-1.2.3.tgz",)
    assert [path.name for path in folder.rglob("*.json")] == ["icons.json"]


def test_another_content_than_the_pinned_one_is_refused(registry: Registry, tmp_path: Path) -> None:
    wanted = package(b"something else")
    with pytest.raises(ValueError, match=r"@sets/pictures 1\.2\.3: sha512 is"):
        fetch(wanted, tmp_path, url(registry))
    assert not list(tmp_path.iterdir())


def test_every_set_has_a_licence_that_allows_it() -> None:
    assert {package.licence for package in PACKAGES} <= {"MIT", "Apache-2.0"}
