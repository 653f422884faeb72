"""Documents of measurements: a section for each kind of machine, replaced when it is measured again."""

import os
import platform
import re
from collections.abc import Sequence
from pathlib import Path

import psutil

SECTIONS = ("On a CPU", "On a GPU")
NOT_MEASURED = "*Not measured.*"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def write_section(path: Path, title: str, heading: str, text: str) -> None:
    """Writes or replaces a section of the document, which begins with `title`; the others stay."""
    path.parent.mkdir(parents=True, exist_ok=True)
    old = path.read_text() if path.exists() else ""
    sections = {name: _section(old, name) for name in SECTIONS} | {heading: text}
    parts = [title, *(f"## {name}\n\n{text}\n" for name, text in sections.items())]
    path.write_text("\n".join(parts))


def machine(threads: int = 0, gpu: str = "") -> str:
    """This machine in words, with a GPU of this name; `threads` 0 are as many as there are cores."""
    cores = os.cpu_count() or 1
    memory = psutil.virtual_memory().total / 2**30
    return f"{gpu or _processor()}, {cores} cores, {threads or cores} threads, {memory:.0f} GiB"


def _section(text: str, heading: str) -> str:
    found = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return found[1].strip() if found else NOT_MEASURED


def _processor() -> str:
    found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()
