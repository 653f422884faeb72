"""The tables of the report on a CPU."""

import math
import statistics
from collections.abc import Iterable, Sequence
from typing import TypeAlias, TypeVar

from benchmarks.document import table
from benchmarks.images.measures import Arrivals, Likeness, Sample
from benchmarks.images.streams import Cancelled, Previewed

Result: TypeAlias = Sample | Arrivals | Likeness | Cancelled | Previewed
T = TypeVar("T", Sample, Arrivals, Likeness, Cancelled, Previewed)
PAINTERS = ("gRPC", "REST")


def of(kind: type[T], results: Iterable[Result], **where: object) -> list[T]:
    """The results of one kind whose fields have these values."""
    mine = [result for result in results if isinstance(result, kind)]
    return [result for result in mine if all(getattr(result, name) == value for name, value in where.items())]


def tables(results: Sequence[Result]) -> str:
    """The section's body."""
    parts = [
        "![Images a minute against stock diffusers, and latencies of staggered requests](images.png)",
        "### Requests at once\n\nImages a minute; in brackets how many times as fast as stock diffusers, "
        "measured just before each. Medians.",
        _at_once(results),
        "### Staggered requests\n\nA new request every half image time, so that a queue grows: seconds from "
        "a request to its image.",
        _staggered(results),
        "### Likeness, cancels and previews\n\nPSNR to stock diffusers' image of the same seed. Of a "
        "cancelled call: milliseconds until the engine holds none of its rows, beside those of a denoising "
        "step, and the most steps that began until then. Of previews: what one at every step adds.",
        _others(results),
    ]
    return "\n\n".join(parts)


def sizes(results: Sequence[Result]) -> list[int]:
    """Pixels a side, rising."""
    return sorted({result.size for result in results})


def counts(results: Sequence[Result]) -> list[int]:
    """Requests at once, rising."""
    return sorted({result.requests for result in of(Sample, results)})


def _at_once(results: Sequence[Result]) -> str:
    columns = [(painter, requests) for painter in PAINTERS for requests in counts(results)]
    head = ["pixels", "rounds", "diffusers, s an image", *(f"{painter}, {n}" for painter, n in columns)]
    rows = []
    for size in sizes(results):
        mine = of(Sample, results, size=size)
        cells = [of(Sample, mine, painter=painter, requests=n) for painter, n in columns]
        alone = statistics.median(one.stock_seconds for one in mine)
        rows.append([str(size), str(len(cells[0])), f"{alone:.2f}", *map(_rate, cells)])
    return table(head, rows)


def _rate(samples: Sequence[Sample]) -> str:
    a_minute = 60 / statistics.median(one.seconds for one in samples)
    return f"{a_minute:.1f} ({statistics.median(one.ratio for one in samples):.2f})"


def _staggered(results: Sequence[Result]) -> str:
    rows = []
    names = ("diffusers", *PAINTERS)
    for size in sizes(results):
        cells = [of(Arrivals, results, size=size, painter=name) for name in names]
        period = statistics.median(one.period_s for one in of(Arrivals, results, size=size))
        rows.append([str(size), f"{period:.2f}", *map(_latencies, cells)])
    return table(["pixels", "every, s", *(f"{name}, p50 / p95" for name in names)], rows)


def _latencies(arrivals: Sequence[Arrivals]) -> str:
    found = [seconds for one in arrivals for seconds in one.latencies]
    middle, high = percentile(found, 50), percentile(found, 95)
    return f"{middle:.2f} / {high:.2f}"


def percentile(values: Sequence[float], percent: int) -> float:
    """Between the values, as if they were evenly spaced."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def _others(results: Sequence[Result]) -> str:
    head = ["pixels", "PSNR gRPC, dB", "PSNR REST, dB", "cancel to gone, ms", "a step, ms", "steps begun"]
    head += ["previews add", "bytes a preview"]
    return table(head, [_other(results, size) for size in sizes(results)])


def _other(results: Sequence[Result], size: int) -> list[str]:
    alike = {one.painter: one.psnr for one in of(Likeness, results, size=size)}
    cancels, previews = of(Cancelled, results, size=size), of(Previewed, results, size=size)
    gone = 1000 * statistics.median(one.seconds for one in cancels)
    step = 1000 * statistics.median(one.step_s for one in cancels)
    added = statistics.median(one.with_s / one.without_s for one in previews) - 1
    weight = statistics.median(one.preview_bytes for one in previews)
    cells = [str(size), *(_decibels(alike[name]) for name in PAINTERS), f"{gone:.0f}", f"{step:.0f}"]
    return [*cells, f"{max(one.steps for one in cancels):.0f}", f"{added:+.1%}", f"{weight:.0f}"]


def _decibels(psnr: float) -> str:
    return f"{psnr:.0f}" if math.isfinite(psnr) else "equal"
