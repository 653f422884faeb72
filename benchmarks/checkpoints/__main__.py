"""Writes a checkpoint of made-up weights: python -m benchmarks.checkpoints DIR [--size full]."""

import argparse
from pathlib import Path

from benchmarks.checkpoints import write_checkpoint

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("folder", type=Path)
parser.add_argument("--size", choices=("tiny", "full"), default="tiny", help="full: SDXL base 1.0, 7 GB")
parser.add_argument("--autoencoder", choices=("kl", "tiny", "deep"), default="kl", help="of the tiny size")
parser.add_argument("--stages", type=int, choices=(2, 3), default=3, help="of the tiny size's UNet")
parser.add_argument("--seed", type=int, default=0)
options = parser.parse_args()
write_checkpoint(options.folder, options.size, options.autoencoder, options.stages, options.seed)
