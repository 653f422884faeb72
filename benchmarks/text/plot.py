"""docs/text.png: tokens a second by requests at once and by context, and the time between tokens."""

from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from benchmarks.text import cells
from benchmarks.text.document import Findings, Setting
from benchmarks.text.machine import BYTES
from benchmarks.text.rounds import CONTEXT_REQUESTS


def draw(findings: Findings, setting: Setting, path: Path) -> None:
    """Writes the plot."""
    mpl.use("Agg")
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(14, 5), layout="constrained")
    colours = {name: f"C{index}" for index, name in enumerate(cells.names(findings.results))}
    _rates(left, findings, setting.dtype, colours)
    _gaps(middle, findings, colours)
    _contexts(right, findings, colours)
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=5, fontsize=8)
    figure.suptitle(f"{setting.machine}\n{setting.model.split(':')[0].replace('*', '')}", fontsize=9)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=90)
    plt.close(figure)


def _rates(axes: Axes, findings: Findings, dtype: str, colours: dict[str, str]) -> None:
    rates = cells.by_count(findings.results, cells.rate)
    _lines(axes, rates, colours)
    bound = findings.limits.steps_a_second(BYTES[dtype])
    axes.plot([1], [bound], "k*", markersize=9, label=f"memory's bound at 1, {dtype}")
    _powers(axes, cells.counts(findings.results))
    axes.set_xlabel("requests at once")
    axes.set_ylabel("tokens a second")


def _gaps(axes: Axes, findings: Findings, colours: dict[str, str]) -> None:
    _lines(axes, cells.by_count(findings.results, cells.between(50)), colours)
    _lines(axes, cells.by_count(findings.results, cells.between(99)), colours, style="--", label=False)
    _powers(axes, cells.counts(findings.results))
    axes.set_yscale("log")
    axes.set_xlabel("requests at once")
    axes.set_ylabel("ms between tokens: p50, dashed p99")


def _contexts(axes: Axes, findings: Findings, colours: dict[str, str]) -> None:
    for requests, style in zip(CONTEXT_REQUESTS, ("--", "-"), strict=True):
        _lines(axes, cells.by_context(findings.results, requests), colours, style=style, label=False)
    axes.set_visible(bool(axes.lines))  # not where no contexts were measured
    axes.set_ylim(bottom=0)
    axes.set_xlabel("tokens of context")
    low, high = CONTEXT_REQUESTS
    axes.set_ylabel(f"tokens a second of {high} requests, dashed of {low}")


def _lines(
    axes: Axes, rows: cells.Cells, colours: dict[str, str], style: str = "-", *, label: bool = True
) -> None:
    for name, row in rows.items():
        if row:
            points = (list(row), list(row.values()))
            axes.plot(*points, style, marker="o", color=colours[name], label=name if label else None)


def _powers(axes: Axes, at: list[int]) -> None:
    axes.set_xscale("log", base=2)
    axes.set_xticks(at, [str(count) for count in at])
