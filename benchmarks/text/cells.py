"""From results to rows: medians by engine and column, and who is ahead of whom."""

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from benchmarks.text.rounds import Joined, Result, Sample, Written
from benchmarks.text.work import percentile

OURS = "service, gRPC"
ALONE = "engine alone"
FAMILY = (OURS, "service, REST", ALONE)
NONE = "-"
T = TypeVar("T", Sample, Joined, Written)
Cells = Mapping[str, Mapping[int, float]]


def of(kind: type[T], results: Iterable[Result], **where: object) -> list[T]:
    """The results of one kind whose fields have these values."""
    mine = [result for result in results if isinstance(result, kind)]
    return [result for result in mine if all(getattr(result, name) == value for name, value in where.items())]


def names(results: Iterable[Result]) -> list[str]:
    """The engines, in the order in which they first answered; the service's own come first."""
    found = list(dict.fromkeys(result.contestant for result in results))
    return sorted(found, key=lambda name: FAMILY.index(name) if name in FAMILY else len(FAMILY))


def counts(results: Iterable[Result]) -> list[int]:
    """Requests at once, rising."""
    return sorted({sample.requests for sample in of(Sample, results)})


def by_count(
    results: Sequence[Result], value: Callable[[list[Sample]], float]
) -> dict[str, dict[int, float]]:
    """A value of each engine's samples for each number of requests, where it has any."""
    cells: dict[str, dict[int, float]] = {name: {} for name in names(of(Sample, results))}
    for name, row in cells.items():
        for count in counts(results):
            if samples := of(Sample, results, contestant=name, requests=count):
                row[count] = value(samples)
    return cells


def by_context(results: Sequence[Result], requests: int) -> dict[str, dict[int, float]]:
    """Tokens a second of each engine at each context that it reached."""
    written = {one.contestant: one for one in of(Written, results, requests=requests)}
    return {name: written[name].rates for name in names(written.values())}


def rate(samples: Sequence[Sample]) -> float:
    """Median tokens a second."""
    return statistics.median(sample.figures.rate for sample in samples)


def first(percent: int) -> Callable[[list[Sample]], float]:
    """Milliseconds to the first token, over the requests of all rounds."""
    return lambda samples: 1000 * percentile([s for one in samples for s in one.figures.first], percent)


def between(percent: int) -> Callable[[list[Sample]], float]:
    """Milliseconds between tokens, over the requests of all rounds."""
    return lambda samples: 1000 * percentile([s for one in samples for s in one.figures.between], percent)


def verdict(cells: Cells, *, more_is_better: bool = True, ours: str = OURS) -> str:
    """A sentence: where the service is ahead of every other engine, where behind, and by what ratio."""
    ahead: list[str] = []
    behind: list[str] = []
    for column, mine in cells.get(ours, {}).items():
        others = {name: row[column] for name, row in cells.items() if name not in FAMILY and column in row}
        if others:
            best = (max if more_is_better else min)(others, key=lambda name: others[name])
            ratio = mine / others[best] if more_is_better else others[best] / mine
            (ahead if ratio >= 1 else behind).append(f"{column} ({ratio:.2f} times {best})")
    parts = [f"ahead of every other engine at {_listed(ahead)}"] if ahead else []
    parts += [f"behind at {_listed(behind)}"] if behind else []
    return f"Over gRPC the service is {' and '.join(parts)}." if parts else "Nobody to compare with."


def grid(cells: Cells, columns: Sequence[int], show: Callable[[float], str]) -> list[list[str]]:
    """A row for each engine; a dash where it has no value."""
    return [[name, *(show(row[c]) if c in row else NONE for c in columns)] for name, row in cells.items()]


def _listed(items: Sequence[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
