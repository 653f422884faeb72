"""docs/images.png: throughput against stock diffusers, and the latencies of staggered requests."""

import statistics
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from benchmarks.images.cpu_tables import PAINTERS, Result, counts, of, percentile, sizes
from benchmarks.images.document import Setting
from benchmarks.images.measures import Arrivals, Sample


def draw(results: Sequence[Result], setting: Setting, path: Path) -> None:
    """Writes the plot."""
    mpl.use("Agg")
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    _throughput(left, results)
    _latencies(right, results)
    model = setting.model.replace("*", "").replace("`", "")
    figure.suptitle(f"{setting.machine}\n{model}, {setting.steps} steps", fontsize=9)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=90)
    plt.close(figure)


def _throughput(axes: Axes, results: Sequence[Result]) -> None:
    """A line for each size and painter: images a minute, in those of stock diffusers."""
    at = counts(results)
    for index, size in enumerate(sizes(results)):
        for name, style in zip(PAINTERS, ("-o", "--x"), strict=True):
            samples = [of(Sample, results, size=size, painter=name, requests=n) for n in at]
            ratios = [statistics.median(one.ratio for one in some) for some in samples]
            axes.plot(at, ratios, style, color=f"C{index}", label=f"{size} px, {name}")
    axes.axhline(1, color="grey", linewidth=1)
    axes.set_xscale("log", base=2)
    axes.set_xticks(at, [str(n) for n in at])
    axes.set_ylim(bottom=0)
    axes.set_xlabel("requests at once")
    axes.set_ylabel("images a minute, stock diffusers = 1")
    axes.legend(fontsize=7, ncols=2)


def _latencies(axes: Axes, results: Sequence[Result]) -> None:
    """Bars for each size and painter: the 50th and the 95th percentile, in image times."""
    names = ("diffusers", *PAINTERS)
    for offset, name in enumerate(names):
        for place, size in enumerate(sizes(results)):
            found = of(Arrivals, results, size=size, painter=name)
            image_times = [seconds / one.period_s / 2 for one in found for seconds in one.latencies]
            middle, high = percentile(image_times, 50), percentile(image_times, 95)
            where = place + 0.25 * (offset - 1)
            axes.bar(where, middle, 0.22, color=f"C{offset}", label=name if place == 0 else None)
            axes.plot([where, where], [middle, high], color="black", linewidth=1)
    axes.set_xticks(range(len(sizes(results))), [f"{size} px" for size in sizes(results)])
    axes.set_ylabel("latency in image times: p50, line to p95")
    axes.set_title("a new request every half image time", fontsize=9)
    axes.legend(fontsize=7)
