"""The tables of a section, each with a sentence that says what it shows."""

import statistics
from collections.abc import Callable, Iterator, Sequence

from benchmarks.document import table
from benchmarks.text import bends, cells
from benchmarks.text.cells import by_context, by_count, counts, grid, of, verdict
from benchmarks.text.document import Findings
from benchmarks.text.machine import BYTES, Limits
from benchmarks.text.prompts import EVERY_S, LONG_ANSWER, LONG_PROMPT, RUNNING
from benchmarks.text.quality import Quality
from benchmarks.text.rounds import CONTEXT_REQUESTS, Joined, Result, Sample
from benchmarks.text.work import percentile

MIB = 2**20


def body(findings: Findings, dtype: str, plot: str) -> str:
    """The section's body."""
    parts = [f"![Tokens a second by requests at once and by context]({plot})"]
    parts += [f"Missing: {name}, because: {reason}" for name, reason in findings.failed.items()]
    for heading, text, rows in _sections(findings, dtype):
        parts += [f"### {heading}", text, rows]
    return "\n\n".join(parts)


def _sections(findings: Findings, dtype: str) -> Iterator[tuple[str, str, str]]:
    results = findings.results
    if counts(results):
        yield _rates(results)
        yield _firsts(results)
        yield _betweens(results)
    if findings.added:
        yield _added(findings.added)
    if of(Joined, results):
        yield _joined(results)
    yield from _by_context(results)
    if findings.steps:
        yield bends.section(findings.steps)
    if findings.quality:
        yield _quality(findings.quality)
    if findings.held:
        yield _memory(findings)
    yield _limits(findings.limits, results, dtype)


def _rates(results: Sequence[Result]) -> tuple[str, str, str]:
    rates, at = by_count(results, cells.rate), counts(results)
    text = (
        "Tokens a second over all requests, by the number of requests that come at once: prompts of 20 to "
        f"300 tokens, answers of 32 to 128, greedy. {_came(results)} {verdict(rates)}"
    )
    return "Requests at once", text, table(_head(at), grid(rates, at, "{:.0f}".format))


def _came(results: Sequence[Result]) -> str:
    mine = of(Sample, results, contestant=cells.OURS)
    if not mine:
        return ""
    share = sum(one.figures.tokens for one in mine) / sum(one.asked for one in mine)
    return (
        f"The service ends a text where the model does, others go on: it wrote {share:.1%} of the "
        "tokens asked for, and only written ones count."
    )


def _firsts(results: Sequence[Result]) -> tuple[str, str, str]:
    middle = by_count(results, cells.first(50))
    text = (
        f"Milliseconds from a request to its first token, p50 / p99. {verdict(middle, more_is_better=False)}"
    )
    return "First token", text, _pairs(results, middle, by_count(results, cells.first(99)), "{:.0f}")


def _betweens(results: Sequence[Result]) -> tuple[str, str, str]:
    high = by_count(results, cells.between(99))
    text = (
        "Milliseconds between one token of a request and the next, p50 / p99. By p99: "
        f"{verdict(high, more_is_better=False)}"
    )
    return "Between tokens", text, _pairs(results, by_count(results, cells.between(50)), high, "{:.1f}")


def _pairs(results: Sequence[Result], low: cells.Cells, high: cells.Cells, shown: str) -> str:
    at = counts(results)
    show: Callable[[float], str] = shown.format
    left, right = grid(low, at, show), grid(high, at, show)
    rows = [
        [one[0], *(a if a == cells.NONE else f"{a} / {b}" for a, b in zip(one[1:], two[1:], strict=True))]
        for one, two in zip(left, right, strict=True)
    ]
    return table(_head(at), rows)


def _added(results: Sequence[Result]) -> tuple[str, str, str]:
    text = (
        f"Tokens a second of {RUNNING} requests at once, in those of the service's own engine stepped "
        "without service, Envoy or client in a process of its own, for the same texts, with no other engine "
        "loaded: medians of the ratios round by round. "
        "The client's own work for every message is in it; it reads the connections itself, to take little."
    )
    alone = [one.figures.rate for one in of(Sample, results, contestant=cells.ALONE, requests=RUNNING)]
    rows = []
    for name in cells.FAMILY[:2]:
        mine = [one.figures.rate for one in of(Sample, results, contestant=name, requests=RUNNING)]
        if pairs := list(zip(mine, alone, strict=False)):
            rows.append([name, f"{statistics.median(a / b for a, b in pairs):.3f}"])
    return "What the service adds", text, table(["way", "of the engine alone"], rows)


def _joined(results: Sequence[Result]) -> tuple[str, str, str]:
    text = (
        f"{RUNNING} requests run while another one comes every {1000 * EVERY_S:.0f} ms: milliseconds between "
        "the tokens of those that run, and to the first token of those that come."
    )
    head = ["engine", "p50", "p99", "p99 / p50", "first token, p50", "p99"]
    found = of(Joined, results)
    return "Requests that join", text, table(head, [_joins(name, found) for name in cells.names(found)])


def _joins(name: str, results: Sequence[Joined]) -> list[str]:
    mine = of(Joined, results, contestant=name)
    gaps = [1000 * gap for one in mine for gap in one.between]
    first = [1000 * seconds for one in mine for seconds in one.first]
    starts = [f"{percentile(first, percent):.0f}" for percent in (50, 99)]
    if not gaps:  # each was complete before another came, or none wrote until all had come
        return [name, *[cells.NONE] * 3, *starts]
    middle, high = percentile(gaps, 50), percentile(gaps, 99)
    return [name, f"{middle:.1f}", f"{high:.1f}", f"{high / middle:.1f}", *starts]


def _by_context(results: Sequence[Result]) -> Iterator[tuple[str, str, str]]:
    for requests in CONTEXT_REQUESTS:
        if written := by_context(results, requests):
            yield _contexts(written, requests)


def _contexts(written: cells.Cells, requests: int) -> tuple[str, str, str]:
    at = sorted({context for row in written.values() for context in row})
    each = "one request" if requests == 1 else f"{requests} requests together"
    text = (
        f"Tokens a second of {each} when prompt and answer have so many tokens: one round that writes from "
        f"{LONG_PROMPT} to {LONG_PROMPT + LONG_ANSWER}. A dash where the model ended a text before. "
        f"{verdict(written)}"
    )
    heading = f"Context, {requests} request{'s' * (requests > 1)}"
    return heading, text, table(["engine", *map(str, at)], grid(written, at, "{:.0f}".format))


def _quality(found: Sequence[Quality]) -> tuple[str, str, str]:
    text = (
        f"How far each engine's expectations are from transformers' in float32, at {len(found[0].agrees)} "
        "tokens that transformers writes greedily after a hundred prompts: KL divergence over the whole "
        "vocabulary in nats, and how often the likeliest token is the same. Less divergence is better."
    )
    if {"OpenVINO, 4 bits", "OpenVINO, 8 bits"} <= {one.contestant for one in found}:
        text += (
            " OpenVINO makes a model of its own of a file. The reference has the 4-bit file's exact weights, "
            "so what it loses there beyond what it loses in 8 bits is lost in making it."
        )
    head = ["engine", "divergence, mean", "p50", "p99", "same likeliest token"]
    rows = []
    for one in found:
        spread = [f"{percentile(one.divergence, percent):.4f}" for percent in (50, 99)]
        mean, same = statistics.fmean(one.divergence), statistics.fmean(one.agrees)
        rows.append([one.contestant, f"{mean:.4f}", *spread, f"{same:.1%}"])
    return "What is lost", text, table(head, rows)


def _memory(findings: Findings) -> tuple[str, str, str]:
    text = (
        "Memory of each process after all rounds, MiB: resident, and with shared pages divided among those "
        "that share them. The caches of keys and values are in it, as large as each engine makes them."
    )
    rows = [[one.name, f"{one.resident / MIB:.0f}", f"{one.proportional / MIB:.0f}"] for one in findings.held]
    return "Memory", text, table(["process", "resident", "proportional"], rows)


def _limits(limits: Limits, results: Sequence[Result], dtype: str) -> tuple[str, str, str]:
    rates = by_count(results, cells.rate)
    mine = rates.get(cells.OURS, {}).get(1)
    text = (
        f"A copy moves {limits.copied_bytes_s / 1e9:.1f} GB a second, read and written. One request needs "
        f"all {limits.weights / 1e6:.0f} million weights for each token, so this is the most one can have "
        "if they all come from memory; a cache that holds some of them allows more."
    )
    if mine:
        share = mine / limits.steps_a_second(BYTES[dtype])
        text += f" The service reaches {share:.2f} of the bound of {dtype}, reading of prompts included."
    rows = [
        [name, f"{limits.weights * size / 1e6:.0f}", f"{limits.steps_a_second(size):.0f}"]
        for name, size in BYTES.items()
    ]
    return "The machine's limits", text, table(["weights in", "MB a token", "tokens a second, at most"], rows)


def _head(columns: Sequence[int]) -> list[str]:
    return ["engine", *map(str, columns)]
