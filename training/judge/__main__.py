"""Judges a checkpoint: `python -m training.judge FOLDER`, or true pictures with --true.

Writes report.json and a sheet of the pictures of each part into the output folder and prints the
figures with their targets. Every prompt is in words that training never used.
"""

import argparse
import sys
import time
from pathlib import Path

from training.judge.edits import editor_from_folder, edits_for_the_sheet, judge_edits
from training.judge.exams import Exam, judge_names, judge_pairs, judge_shapes
from training.judge.noise import yardstick
from training.judge.painters import from_folder, from_scenes
from training.judge.references import References
from training.judge.report import Part, table, write
from training.judge.request import Painter, Request
from training.judge.sheets import sheet, sheet_of_requests
from training.judge.showcase import showcase
from training.judge.styles import judge_styles
from training.judge.variety import judge_seeds, judge_unknown
from training.sprites import Sprites
from training.vocabulary import THINGS

EDITS = 24
IN_STYLES = 8  # things that are painted in every style
TRUE_PICTURES = 150  # that pictures of unknown words are measured against


def main(arguments: list[str]) -> int:
    """Returns the exit status: 0 where every target is reached, 1 where one is not."""
    asked = _parser().parse_args(arguments)
    if asked.true == (asked.checkpoint is not None):
        _parser().error("name a checkpoint folder, or --true for the judge's own check")
    began = time.monotonic()
    sprites = Sprites(asked.cache)
    painter = from_scenes(sprites) if asked.true else from_folder(asked.checkpoint)
    asked.output.mkdir(parents=True, exist_ok=True)
    parts = judge(painter, sprites, asked.size, asked.names, asked.pairs)
    if asked.checkpoint:
        parts.append(_judge_edits(asked.checkpoint, painter, sprites, asked.size, asked.output))
    if asked.showcase:
        sheet_of_requests(showcase(asked.size), painter).save(asked.output / "showcase.png")
    seconds = round(time.monotonic() - began, 1)
    about = {"judged": str(asked.checkpoint or "true pictures"), "size": asked.size, "seconds": seconds}
    write(parts, about, asked.output)
    print(table(parts))
    print(f"{seconds} seconds; the misses are in {asked.output}")
    return int(any(figure.reached is False for part in parts for figure in part.figures))


def judge(painter: Painter, sprites: Sprites, size: int, names: int, pairs: int) -> list[Part]:
    """Every part of the report."""
    exam = Exam(painter, size, References(THINGS, sprites))
    anything = [Request("", 6_000_000 + number, size, size) for number in range(TRUE_PICTURES)]
    truth = from_scenes(sprites)
    true = yardstick(truth(anything))
    return [
        judge_names(exam, names),
        judge_pairs(exam, pairs),
        judge_shapes(exam),
        judge_styles(exam, truth, IN_STYLES),
        judge_seeds(exam),
        judge_unknown(exam, true),
    ]


def _judge_edits(checkpoint: Path, painter: Painter, sprites: Sprites, size: int, output: Path) -> Part:
    """Also writes a sheet of edits."""
    editor, truth = editor_from_folder(checkpoint), from_scenes(sprites)
    edits = edits_for_the_sheet(truth, size)
    captions = [f"{edit.request.prompt}, {edit.request.style}, {edit.strength}" for edit in edits]
    shown = [edits[0].picture, *editor(edits)]
    sheet(shown, ["before", *captions], side=224, columns=6).save(output / "edited.png")
    return judge_edits(Exam(painter, size, References(THINGS, sprites)), truth, editor, EDITS)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.judge", description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path, nargs="?", help="a folder in SDXL's layout")
    parser.add_argument("--true", action="store_true", help="judge true pictures, to check the judge")
    parser.add_argument("--size", type=int, default=256, help="pixels a side (default 256)")
    parser.add_argument("--names", type=int, default=200, help="how many names to ask for (default 200)")
    parser.add_argument("--pairs", type=int, default=60, help="how many pairs to ask for (default 60)")
    parser.add_argument("--showcase", action="store_true", help="also paint the documentation's sheet")
    parser.add_argument("--output", type=Path, default=Path("build/training/judge"), help="where to write")
    parser.add_argument("--cache", type=Path, default=Path("build/training"), help="of the picture sets")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
