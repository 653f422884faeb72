"""Rounds: every contestant in turn, one at a time, so that all meet the same moods of the machine."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
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
    """Everything that is measured of these contestants. `failed` has the reasons of those that could not."""

    def __init__(self, contestants: Sequence[Contestant], prompts: Prompts) -> None:
        self._contestants = contestants
        self._prompts = prompts
        self._asked: dict[str, int] = {}
        self.failed: dict[str, str] = {}

    async def run(self, jobs: Sequence[Job]) -> list[Result]:
        """One job after another. A contestant that fails takes part no longer."""
        results = []
        for job in tqdm(jobs, unit="round", ncols=80):
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

    def warm_up(self) -> Iterator[Job]:
        """A small round of each, whose figures do not count."""
        for one in self._contestants:
            yield Job(one, partial(self._prompts.mixed, 2, self._words(one)), _sample)

    def at_once(self, rounds: int, requests: Sequence[int]) -> Iterator[Job]:
        """All numbers of requests in each round; who begins changes from round to round."""
        for turn in range(1, rounds + 1):
            for count in requests:
                for one in self._order("at-once", turn):
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
            for one in self._order("contexts", 0):
                yield Job(one, partial(self._prompts.long, count, self._words(one)), _written)

    def _words(self, contestant: Contestant) -> int:
        """Others for every round of a contestant, and for two that are one service: it keeps beginnings."""
        self._asked[contestant.name] = self._asked.get(contestant.name, 0) + 1
        return 2 * self._asked[contestant.name] + contestant.again

    def _order(self, part: str, turn: int) -> list[Contestant]:
        """Those that take part; the first of the last turn goes last."""
        mine = [one for one in self._contestants if part in one.parts]
        first = turn % len(mine) if mine else 0
        return [*mine[first:], *mine[:first]]


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
