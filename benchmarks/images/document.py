"""docs/images.md: what its figures hold for, and its sections."""

import datetime
import os
from dataclasses import dataclass
from pathlib import Path

import diffusers
import torch

from benchmarks import document

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
        size = "SDXL base 1.0's" if gpu else "tiny, SDXL's layout"
        name = f"{size}, **made-up weights**" if made_up else f"`{model.name}`"
        versions = f"torch {torch.__version__}, diffusers {diffusers.__version__}"
        return cls(document.machine(threads, gpu), name, steps, versions, os.getloadavg()[0])

    def __str__(self) -> str:
        lines = [f"Machine: {self.machine}", f"Model: {self.model}, {self.steps} steps, guidance on"]
        lines += [f"With: {self.versions}, {datetime.datetime.now(datetime.UTC):%Y-%m-%d}"]
        lines += [f"Load of the machine just before: {self.load:.1f}"]
        return "\n".join(f"- {line}" for line in lines)


def write_section(path: Path, heading: str, setting: Setting, body: str) -> None:
    """Writes or replaces a section of the document; the others stay."""
    document.write_section(path, TITLE, heading, f"{setting}\n\n{body}")
