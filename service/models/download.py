"""Downloads one file of a hub, continuing what an earlier attempt left.

The hub library's own download begins a file again in a new process, which with a 10 GB file is an
evening; this one asks for the missing rest.
"""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx2
from huggingface_hub import get_session, get_token, hf_hub_url

from service.models.catalogue import Hub
from service.models.errors import ModelError

Progress = Callable[[int], object]

TIMEOUT_S = 30.0
_ATTEMPTS = 5  # in a row without one new byte


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a repository: its path there, its size in bytes, its hash where one is published."""

    path: str
    size: int
    sha256: str | None


def download(hub: Hub, file: RemoteFile, folder: Path, endpoint: str, progress: Progress) -> None:
    """Brings one file into `folder`; `progress` hears of bytes that are there, negative if discarded.

    Raises:
        httpx2.HTTPError: the hub refuses, or the connection breaks time and again.
        ConnectionError: HF_HUB_OFFLINE is set.
        OSError: the disk is full or read-only.
        ModelError: the content is not what the hub says it is.
    """
    path = folder / file.path
    if path.is_file() and path.stat().st_size == file.size:
        progress(file.size)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.incomplete")
    partial.touch()
    if partial.stat().st_size > file.size:
        partial.write_bytes(b"")
    progress(partial.stat().st_size)
    url = hf_hub_url(hub.repo, file.path, revision=hub.revision, endpoint=endpoint)
    _stream_all(url, partial, file.size, progress)
    _check_content(file, partial)
    partial.rename(path)


def authorization() -> dict[str, str]:
    """The header that carries HF_TOKEN, or the token of `hf auth login`, if there is one."""
    token = get_token()
    return {"Authorization": f"Bearer {token}"} if token else {}


def _stream_all(url: str, partial: Path, size: int, progress: Progress) -> None:
    """Asks for the rest until it is here; every attempt that brings something earns new ones."""
    attempts = 0
    while (start := partial.stat().st_size) < size:
        problem: httpx2.HTTPError = httpx2.RemoteProtocolError("the answer ends before the file does")
        try:
            _stream(url, partial, start, progress)
        except httpx2.TransportError as error:
            problem = error
        attempts = 0 if partial.stat().st_size > start else attempts + 1
        if attempts == _ATTEMPTS:
            raise problem
        if attempts:
            time.sleep(2.0 ** (attempts - 1))


def _stream(url: str, partial: Path, start: int, progress: Progress) -> None:
    """Appends what the hub has from byte `start` on; begins again if it ignores the range."""
    # Compressed bytes could not be continued in the middle.
    headers = authorization() | {"Range": f"bytes={start}-", "Accept-Encoding": "identity"}
    with get_session().stream("GET", url, headers=headers, timeout=TIMEOUT_S) as response:
        response.raise_for_status()
        partial_answer = response.status_code == httpx2.codes.PARTIAL_CONTENT
        if not partial_answer:
            progress(-start)
        with partial.open("ab" if partial_answer else "wb") as out:
            for chunk in response.iter_bytes():
                out.write(chunk)
                progress(len(chunk))


def _check_content(file: RemoteFile, partial: Path) -> None:
    """Small files have no published hash: they are JSON, which the model's check reads."""
    with partial.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    if partial.stat().st_size != file.size or file.sha256 not in (None, digest):
        partial.unlink()
        raise ModelError(f"{file.path} arrived damaged and was deleted: fetch again")
