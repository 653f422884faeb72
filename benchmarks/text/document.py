"""docs/text.md: what its figures hold for, and its sections."""

import datetime
import os
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
import transformers

from benchmarks import document
from benchmarks.text.machine import Held, Limits
from benchmarks.text.quality import Quality
from benchmarks.text.rounds import Joined, Result
from benchmarks.text.steps import Step

SAVED = Path(__file__).resolve().parents[2] / "build" / "text.pickle"
TITLE = """# Text

Written by `python -m benchmarks.text`, which starts the real service, the real Envoy, and the other
engines, each in a process of its own, and asks them in turn.
"""


@dataclass(frozen=True, slots=True)
class Setting:
    """What the figures hold for. `dtype` is the service's number type, `versions` those of the peers."""

    machine: str
    model: str
    dtype: str
    rounds: int
    versions: str
    load: float  # of the machine before anything was measured; spinning threads make others' work cost much

    @classmethod
    def here(cls, model: str, dtype: str, rounds: int, peers: Mapping[str, str], gpu: str = "") -> "Setting":
        """This machine as it is now, with a GPU of this name: call it before anything is measured."""
        names = {"torch": torch.__version__, "transformers": transformers.__version__, **peers}
        versions = ", ".join(f"{name} {version}" for name, version in names.items())
        return cls(document.machine(gpu=gpu), model, dtype, rounds, versions, os.getloadavg()[0])

    def __str__(self) -> str:
        lines = [f"Machine: {self.machine}", f"Model: {self.model}", f"The service computes in {self.dtype}"]
        lines += [f"With: {self.versions}, {datetime.datetime.now(datetime.UTC):%Y-%m-%d}"]
        lines += ["What was added later (--add) is of runs of its own: compare most closely within a column"]
        lines += [
            f"Medians of {self.rounds} rounds, engines in turn in each; load just before: {self.load:.1f}"
        ]
        return "\n".join(f"- {line}" for line in lines)


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that was measured. `failed` has the reasons of the engines that are missing.

    `added` are results of the service and its engine with no peer loaded.
    """

    results: list[Result]
    limits: Limits
    held: list[Held] = field(default_factory=list)
    quality: list[Quality] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    added: list[Result] = field(default_factory=list)

    def beside(self, earlier: "Findings") -> "Findings":
        """These, what an earlier run measured and this one did not, and the higher bound of both."""
        mine = set(map(_what, self.results))
        processes = {one.name for one in self.held}
        return Findings(
            [*(one for one in earlier.results if _what(one) not in mine), *self.results],
            max(self.limits, earlier.limits, key=lambda limits: limits.copied_bytes_s),
            [*self.held, *(one for one in earlier.held if one.name not in processes)],
            self.quality or earlier.quality,
            earlier.failed | self.failed,
            self.steps or earlier.steps,
            self.added or earlier.added,
        )


def _what(result: Result) -> tuple[type, str, int]:
    return type(result), result.contestant, 0 if isinstance(result, Joined) else result.requests


@dataclass(frozen=True, slots=True)
class Section:
    """What a section and its plot are made of."""

    heading: str
    plot: str
    setting: Setting
    findings: Findings

    def beside(self, earlier: "Section") -> "Section":
        """This section, and what an earlier run measured and this one did not."""
        return replace(self, findings=self.findings.beside(earlier.findings))

    def save(self) -> None:
        """Keeps it in build/, so that it can be written again."""
        SAVED.parent.mkdir(exist_ok=True)
        SAVED.write_bytes(pickle.dumps(self))


def saved() -> Section:
    """The last one that was kept. Raises OSError if there is none."""
    section = pickle.loads(SAVED.read_bytes())
    assert isinstance(section, Section)
    return section


def write(folder: Path, heading: str, setting: Setting, body: str) -> None:
    """Writes or replaces a section of text.md in this folder; the others stay."""
    document.write_section(folder / "text.md", TITLE, heading, f"{setting}\n\n{body}")
