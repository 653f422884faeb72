"""Files that are there whole or not at all."""

from pathlib import Path


def write(target: Path, content: bytes) -> None:
    """Puts `content` in the place of what `target` held, and makes its folder where there is none."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(target.name + ".tmp")
    unfinished.write_bytes(content)
    unfinished.replace(target)
