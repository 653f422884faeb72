"""docs/images.md: a section for each kind of machine, replaced when it is measured again."""

import datetime
import os
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import diffusers
import psutil
import torch

SECTIONS = ("On a CPU", "On a GPU")
NOT_MEASURED = "*Not measured.*"
TITLE = """# Images

Written by `python -m benchmarks.images`, which starts the real service, the real Envoy, and stock
diffusers in a process of its own on the same checkpoint.
"""


@dataclass(frozen=True, slots=True)
class Setting:
    """What the figures hold for."""

    machine: str
    model: str
    steps: int
    versions: str
    load: float  # of the machine before anything was measured; spinning threads make others' work cost much

    @classmethod
    def here(cls, model: Path, made_up: bool, steps: int, threads: int, gpu: str = "") -> "Setting":
        """This machine as it is now, with a GPU of this name: call it before anything is measured."""
        cores = os.cpu_count() or 1
        memory = psutil.virtual_memory().total / 2**30
        machine = f"{gpu or _processor()}, {cores} cores, {threads or cores} threads, {memory:.0f} GiB"
        size = "SDXL base 1.0's" if gpu else "tiny, SDXL's layout"
        name = f"{size}, **made-up weights**" if made_up else f"`{model.name}`"
        versions = f"torch {torch.__version__}, diffusers {diffusers.__version__}"
        return cls(machine, name, steps, versions, os.getloadavg()[0])

    def __str__(self) -> str:
        lines = [f"Machine: {self.machine}", f"Model: {self.model}, {self.steps} steps, guidance on"]
        lines += [f"With: {self.versions}, {datetime.datetime.now(datetime.UTC):%Y-%m-%d}"]
        lines += [f"Load of the machine just before: {self.load:.1f}"]
        return "\n".join(f"- {line}" for line in lines)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def write_section(path: Path, heading: str, setting: Setting, body: str) -> None:
    """Writes or replaces a section of the document; the others stay."""
    path.parent.mkdir(parents=True, exist_ok=True)
    old = path.read_text() if path.exists() else ""
    sections = {name: _section(old, name) for name in SECTIONS}
    sections[heading] = f"{setting}\n\n{body}"
    parts = [TITLE, *(f"## {name}\n\n{text}\n" for name, text in sections.items())]
    path.write_text("\n".join(parts))


def _section(text: str, heading: str) -> str:
    found = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return found[1].strip() if found else NOT_MEASURED


def _processor() -> str:
    found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()
