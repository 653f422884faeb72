"""Draws a checkpoint's loss curves: python -m training.curves CHECKPOINT PNG."""

import argparse
import json
from pathlib import Path

from matplotlib.figure import Figure


def draw_curves(checkpoint: Path, file: Path) -> None:
    """Reads training.json of `checkpoint` and writes a PNG, a curve for each part."""
    record = json.loads((checkpoint / "training.json").read_text())
    losses: dict[str, list[tuple[int, float]]] = record["loss"]
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    for axes, (name, points) in zip(figure.subplots(1, len(losses)), losses.items(), strict=True):
        axes.plot([step for step, _ in points], [loss for _, loss in points])
        axes.set(title=name, xlabel="step", ylabel="loss", yscale="log")
        axes.grid(visible=True, alpha=0.3)
    figure.savefig(file, dpi=110)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m training.curves", description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("file", type=Path)
    options = parser.parse_args()
    draw_curves(options.checkpoint, options.file)
