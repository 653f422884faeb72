"""Measures text from the running product against other engines and writes docs/text.md and docs/text.png.

    .venv/bin/python -m benchmarks.text                          # about three hours on two cores
    .venv/bin/python -m benchmarks.text --only at-once,joining --peers openvino --rounds 2 --requests 1,16
    .venv/bin/python -m benchmarks.text --peers none

The peers that this project does not depend on are installed into build/peers/ the first time; llama.cpp
is compiled there, which takes minutes. On a machine with a GPU a checkpoint of Mistral 7B's shape with
random weights is written into build/ and measured against transformers. A run with --only writes a
section that has only those parts; with --add, those beside what the last runs measured.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import torch

from benchmarks.text import cpu, gpu
from benchmarks.text.document import saved, write
from benchmarks.text.plot import draw
from benchmarks.text.tables import body
from service.config import Dtype

DOCS = Path(__file__).resolve().parents[2] / "docs"
PARTS = ("added", "at-once", "joining", "contexts", "steps", "quality")
PEERS = ("transformers", "openvino", "llamacpp")


def _numbers(text: str) -> list[int]:
    return sorted(int(number) for number in text.split(","))


def _some_of(known: tuple[str, ...]) -> Callable[[str], set[str]]:
    def some(text: str) -> set[str]:
        asked = set(text.split(",")) - {"none"}
        if unknown := asked - set(known):
            raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}: there are {', '.join(known)}")
        return asked

    return some


def read_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", type=_some_of(PARTS), default=set(PARTS), help=f"of {','.join(PARTS)}")
    parser.add_argument(
        "--peers", type=_some_of(PEERS), default=set(PEERS), help=f"none, or of {','.join(PEERS)}"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=_numbers, default=[1, 4, 16, 32, 64], help="requests at once")
    parser.add_argument(
        "--dtype", choices=get_args(Dtype), default="auto", help="of the service on a CPU; its own default"
    )
    parser.add_argument("--models-dir", type=Path, default=Path("models"), help="has the embedded model")
    parser.add_argument("--docs", type=Path, default=DOCS, help="where the tables and the plot go")
    parser.add_argument(
        "--add", action="store_true", help="keep what the last run measured and this does not"
    )
    parser.add_argument("--again", action="store_true", help="only write what the last run measured")
    return parser.parse_args()


async def main() -> None:
    """Measures what was asked for."""
    options = read_options()
    if not options.again:
        report = gpu.report if torch.cuda.is_available() else cpu.report
        with tempfile.TemporaryDirectory(prefix="text-") as folder:
            section = await report(options, Path(folder))
        (section.beside(saved()) if options.add else section).save()
    section = saved()
    draw(section.findings, section.setting, options.docs / section.plot)
    text = body(section.findings, section.setting.dtype, section.plot)
    write(options.docs, section.heading, section.setting, text)


if __name__ == "__main__":
    asyncio.run(main())
