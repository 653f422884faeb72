"""What is asked of every contestant, and what they answer. Only the standard library: peers import it too."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

Times = list[list[float]]
"""For each request, when each of its tokens came, in seconds from the round's start."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A greedy request for `new_tokens` tokens; it comes `at` seconds after the round's start.

    `ids` are the tokens of `prompt` in the model's chat template, so that all read the same.
    """

    prompt: str
    ids: tuple[int, ...]
    new_tokens: int
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Figures:
    """A round in numbers: tokens a second over all requests; seconds to first tokens and between tokens."""

    rate: float
    tokens: int
    first: list[float]
    between: list[float]


def figures(asked: Sequence[Asked], times: Times) -> Figures:
    """Raises ValueError if a request got no token."""
    if not all(times):
        raise ValueError("a request got no token")
    end, tokens = max(one[-1] for one in times), sum(map(len, times))
    first = [one[0] - request.at for request, one in zip(asked, times, strict=True)]
    return Figures(tokens / end, tokens, first, [gap for one in times for gap in gaps(one)])


def gaps(times: Sequence[float]) -> list[float]:
    """Seconds between one token and the next."""
    return [later - earlier for earlier, later in pairwise(times)]


def writing_rate(times: Times) -> float | None:
    """Tokens a second while every request was past its first token and none was complete.

    None where there was no such time.
    """
    began, ended = max(one[0] for one in times), min(one[-1] for one in times)
    if ended <= began:
        return None
    return sum(began < at <= ended for one in times for at in one) / (ended - began)


def percentile(values: Sequence[float], percent: int) -> float:
    """Between the values, as if they were evenly spaced."""
    if len(values) == 1:
        return values[0]
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
