"""Measures images from the running product against stock diffusers and writes docs/images.md and .png.

    .venv/bin/python -m benchmarks.images                        # made-up tiny weights, under ten minutes
    .venv/bin/python -m benchmarks.images --model DIR --sizes 512,1024 --steps 20
    .venv/bin/python -m benchmarks.images --gpu-report           # SDXL's size, on a machine with a GPU

Without --model a checkpoint of made-up weights is written into a temporary folder.
"""

import argparse
import asyncio
import tempfile
from pathlib import Path

from benchmarks.checkpoints import write_checkpoint
from benchmarks.images import cpu, gpu

DOCS = Path(__file__).resolve().parents[2] / "docs"


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def read_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, help="a checkpoint in SDXL's layout")
    parser.add_argument("--sizes", type=_numbers, default=[256, 512, 768, 1024], help="pixels a side")
    parser.add_argument("--requests", type=_numbers, default=[1, 2, 4, 8], help="requests at once")
    parser.add_argument("--steps", type=int, help="denoising steps (6, or 30 with --gpu-report)")
    parser.add_argument("--rounds", type=int, default=5, help="up to 512 pixels; larger sizes take fewer")
    parser.add_argument(
        "--threads", type=int, default=0, help="of the service and of diffusers; 0: every core"
    )
    parser.add_argument("--gpu-report", action="store_true")
    parser.add_argument("--docs", type=Path, default=DOCS, help="where the tables and the plot go")
    return parser.parse_args()


async def main() -> None:
    """Measures what was asked for."""
    options = read_options()
    report = gpu.report if options.gpu_report else cpu.report
    with tempfile.TemporaryDirectory(prefix="images-") as folder:
        made_up = options.model is None
        if made_up:
            options.model = Path(folder) / "made-up"
            write_checkpoint(options.model, "full" if options.gpu_report else "tiny")
        await report(options, Path(folder), made_up)


asyncio.run(main())
