"""Names of files, and writing them without overwriting any."""

import io
import re
import secrets
from pathlib import Path

from generation_client.cli.session import FileProblem
from generation_client.results import Painting

SLUG_CHARACTERS = 50
THERE_ALREADY = "is there already; --force overwrites it, --output names another"
KINDS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}


def slug(prompt: str) -> str:
    """A prompt as the beginning of a file's name: words in lower case, joined by hyphens."""
    words = re.sub(r"[\W_]+", "-", prompt.lower()).strip("-")
    if len(words) > SLUG_CHARACTERS:
        words = words[: SLUG_CHARACTERS + 1].rpartition("-")[0] or words[:SLUG_CHARACTERS]
    return words or "image"


def drawn(seed: int | None) -> int:
    """The seed that was given, or one drawn here: file names hold it and are checked before any work."""
    return secrets.randbelow(2**32) if seed is None else seed


def destination(output: Path | None, prompt: str, seed: int, force: bool) -> Path:
    """Where a picture goes. Raises FileProblem where it may not."""
    folder = Path() if output is None else output
    path = folder / f"{slug(prompt)}-{seed}.png" if folder.is_dir() else folder
    if path.suffix.lower() not in KINDS:
        raise FileProblem(f"{path}: a picture's name ends with {', '.join(KINDS)}")
    check([path], force)
    return path


def check(paths: list[Path], force: bool) -> None:
    """Raises FileProblem for the first that is there, or whose folder is not."""
    for path in paths:
        if path.exists() and not force:
            raise FileProblem(f"{path} {THERE_ALREADY}")
        if not path.parent.is_dir():
            raise FileProblem(f"{path.parent}: there is no such folder")


def save(painting: Painting, path: Path, force: bool) -> None:
    """Writes a picture: as it came if the name says PNG, else as the kind that the name says."""
    if path.suffix.lower() == ".png":
        return write(painting.png, path, force)
    buffer = io.BytesIO()
    painting.image.save(buffer, KINDS[path.suffix.lower()])
    return write(buffer.getvalue(), path, force)


def write(data: bytes, path: Path, force: bool) -> None:
    """Writes a file. Raises FileProblem if it is there, cannot be written, or the disk is full."""
    try:
        with path.open("wb" if force else "xb") as file:
            file.write(data)
    except FileExistsError:
        raise FileProblem(f"{path} {THERE_ALREADY}") from None
    except OSError as error:
        raise FileProblem(f"{path}: {error.strerror}") from None


def read(path: Path) -> bytes:
    """What a file holds. Raises FileProblem if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise FileProblem(f"{path}: {error.strerror}") from None


def folder_for(stem: str, output: Path | None, force: bool) -> Path:
    """Where frames go. Raises FileProblem if frames of this name are there."""
    folder = output or Path()
    there = [] if force else sorted([*folder.glob(f"{stem}-*.png"), *folder.glob(f"{stem}.*")])
    check(there, force)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileProblem(f"{folder}: {error.strerror}") from None
    return folder
