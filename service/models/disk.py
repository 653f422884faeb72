"""What the disk says no to, in words for an operator."""

import shutil
from pathlib import Path

from service.models.errors import ModelError


def require_space(folder: Path, needed: int) -> None:
    """Refuses to begin what cannot end: `needed` bytes must be free where `folder` is.

    Raises:
        ModelError: there is less.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise ModelError(
            f"{needed / 1e9:.1f} GB are needed and {folder} has {free / 1e9:.1f} GB free: "
            "make room, or choose another folder with --models-dir"
        )


def unwritable(folder: Path, error: OSError) -> ModelError:
    """The error for a full, read-only or otherwise unwritable models folder."""
    return ModelError(
        f"cannot write to {folder} ({error.strerror or str(error).splitlines()[0]}): free the disk, make "
        "the folder writable, or choose another with --models-dir"
    )
