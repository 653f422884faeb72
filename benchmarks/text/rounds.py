"""Rounds: every contestant in turn, one at a time, so that all meet the same moods of the machine.

Their order changes from round to round, so that none always comes after the same other.
"""

import asyncio
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from tqdm import tqdm

from benchmarks.text.contestants import Contestant
from benchmarks.text.prompts import EVERY_S, RUNNING, Prompts
from benchmarks.text.work import Asked, Figures, Times, figures, gaps, rate_around

SETTLE_S = 0.5  # threads that spin after their work have stopped by then
CONTEXTS = (192, 512, 1024, 2048, 3072, 3776)
CONTEXT_REQUESTS = (1, 16)
REACH = 48  # tokens before and after a context at which the rate there is taken


@dataclass(frozen=True, slots=True)
class Sample:
    """A round of `requests` requests at once, for which `asked` tokens were asked."""

    contestant: str
    requests: int
    asked: int
    figures: Figures


@dataclass(frozen=True, slots=True)
class Joined:
    """Seconds between the tokens of requests that ran while others came, and to the others' first tokens."""

    contestant: str
    between: list[float]
    first: list[float]


@dataclass(frozen=True, slots=True)
class Written:
    """Tokens a second at each context while requests write from a short prompt to a full context.

    A context that a request did not reach, because the model ended its text, is left out.
    """

    contestant: str
    requests: int
    rates: dict[int, float]


Result = Sample | Joined | Written


@dataclass(frozen=True, slots=True)
class Job:
    """A round of one contestant, and what becomes of its times."""

    contestant: Contestant
    asked: Callable[[], list[Asked]]
    result: Callable[[str, list[Asked], Times], Result]


class Rounds:
    """Everything that is measured. `failed` has the reasons of the contestants that could not."""

    def __init__(self, prompts: Prompts) -> None:
        self._contestants: list[Contestant] = []
        self._prompts = prompts
        self._asked: dict[str, int] = {}
        self.failed: dict[str, str] = {}

    async def run(self, jobs: Iterable[Job]) -> list[Result]:
        """One job after another. A contestant that fails takes part no longer."""
        results = []
        for job in tqdm(list(jobs), unit="round", ncols=80):
            name = job.contestant.name
            if name in self.failed:
                continue
            asked = job.asked()
            await asyncio.sleep(SETTLE_S)
            try:
                results.append(job.result(name, asked, await job.contestant.round(asked)))
            except (RuntimeError, ValueError, OSError) as error:
                self.failed[name] = str(error)
                tqdm.write(f"{name} takes part no longer: {error}")
        return results

    def joined_by(self, contestants: Sequence[Contestant]) -> Iterator[Job]:
        """More that take part from now on, each with a small round to warm up, whose figures do not count."""
        self._contestants += contestants
        for one in contestants:
            yield Job(one, partial(self._prompts.mixed, 2, self._words(one)), _sample)

    def at_once(self, rounds: int, requests: Sequence[int]) -> Iterator[Job]:
        """All numbers of requests in each round."""
        for turn in range(1, rounds + 1):
            for count in requests:
                for one in self._order("at-once", turn, count):
                    if count <= one.most:
                        yield Job(one, partial(self._prompts.mixed, count, self._words(one)), _sample)

    def joining(self, rounds: int) -> Iterator[Job]:
        """Requests that come while others run."""
        for turn in range(1, rounds + 1):
            for one in self._order("joining", turn):
                yield Job(one, partial(self._prompts.joining, self._words(one)), _joined)

    def contexts(self) -> Iterator[Job]:
        """One request and many that write until the context is full."""
        for count in CONTEXT_REQUESTS:
            for one in self._order("contexts", count):
                yield Job(one, partial(self._prompts.long, count, self._words(one)), _written)

    def _words(self, contestant: Contestant) -> int:
        """Others for every round of a contestant, and for two that are one service: it keeps beginnings."""
        self._asked[contestant.name] = self._asked.get(contestant.name, 0) + 1
        return 2 * self._asked[contestant.name] + contestant.again

    def _order(self, part: str, *turn: int) -> list[Contestant]:
        """Those that take part, in an order of this turn."""
        mine = [one for one in self._contestants if part in one.parts]
        random.Random(repr((part, turn))).shuffle(mine)
        return mine


def _written(name: str, asked: list[Asked], times: Times) -> Written:
    at = {context: rate_around(times, context - len(asked[0].ids), REACH) for context in CONTEXTS}
    return Written(name, len(asked), {context: rate for context, rate in at.items() if rate is not None})


def _sample(name: str, asked: list[Asked], times: Times) -> Sample:
    return Sample(name, len(asked), sum(one.new_tokens for one in asked), figures(asked, times))


def _joined(name: str, asked: list[Asked], times: Times) -> Joined:
    """Only gaps between the first arrival and the last first token count."""
    end = max(one[0] for one in times[RUNNING:])
    while_joining = [[at for at in one if EVERY_S <= at <= end] for one in times[:RUNNING]]
    first = [one[0] - request.at for one, request in zip(times[RUNNING:], asked[RUNNING:], strict=True)]
    return Joined(name, [gap for one in while_joining for gap in gaps(one)], first)
