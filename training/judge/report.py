"""What was found: figures with their targets, the judged pictures, and how both are shown."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from PIL import Image

from training.judge.request import Request
from training.judge.sheets import sheet


@dataclass(frozen=True, slots=True)
class Figure:
    """A number and what it should be: at least or at most its target; without a target, to know."""

    name: str
    value: float
    target: float | None = None
    at_most: bool = False

    @property
    def reached(self) -> bool | None:
        """Whether the target was."""
        if self.target is None:
            return None
        return self.value <= self.target if self.at_most else self.value >= self.target


@dataclass(frozen=True, slots=True)
class Judged:
    """A picture, whether it is right, and in a few words what it was to be and what it was taken for."""

    request: Request
    picture: Image.Image
    right: bool
    wanted: str
    seen: str


@dataclass(frozen=True, slots=True)
class Part:
    """One subject of the report."""

    name: str
    figures: tuple[Figure, ...]
    judged: tuple[Judged, ...] = field(default=())

    def misses(self) -> list[dict[str, str | int]]:
        """What was not right."""
        return [
            {
                "prompt": one.request.prompt,
                "seed": one.request.seed,
                "wanted": one.wanted,
                "seen": one.seen,
            }
            for one in self.judged
            if not one.right
        ]


def share(right: Sequence[bool]) -> float:
    """Of those that are right."""
    return sum(right) / max(1, len(right))


def table(parts: Sequence[Part]) -> str:
    """The figures for a terminal."""
    rows = [("figure", "value", "target", "")]
    for figure in (figure for part in parts for figure in part.figures):
        sign = "at most" if figure.at_most else "at least"
        target = "" if figure.target is None else f"{sign} {figure.target:g}"
        verdict = {None: "", True: "reached", False: "MISSED"}[figure.reached]
        rows.append((figure.name, f"{figure.value:.3g}", target, verdict))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def write(parts: Sequence[Part], about: dict[str, str | int | float], folder: Path) -> None:
    """Writes report.json, and for each part a sheet of its pictures with the misses marked."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        **about,
        "parts": {
            part.name: {
                "figures": [{**asdict(figure), "reached": figure.reached} for figure in part.figures],
                "misses": part.misses(),
            }
            for part in parts
        },
    }
    (folder / "report.json").write_text(json.dumps(content, indent=2) + "\n")
    for part in (part for part in parts if part.judged):
        captions = [one.wanted if one.right else f"{one.wanted}: {one.seen}" for one in part.judged]
        marked = [not one.right for one in part.judged]
        sheet([one.picture for one in part.judged], captions, marked).save(folder / f"{part.name}.png")
