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


def rate_around(times: Times, place: int, reach: int) -> float | None:
    """Tokens a second of all requests together, from `reach` tokens before this one to `reach` after it.

    None where a request has no such tokens.
    """
    if place < reach or any(len(one) <= place + reach for one in times):
        return None
    seconds = statistics.fmean(one[place + reach] - one[place - reach] for one in times)
    return 2 * reach * len(times) / seconds


def percentile(values: Sequence[float], percent: int) -> float:
    """Between the values, as if they were evenly spaced."""
    if len(values) == 1:
        return values[0]
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
