"""Packs one step: the next token of every answer under way and the next blocks of waiting prompts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import torch
from torch import Tensor

from service.engine.params import TextParams
from service.engine.request import Request
from service.pipelines.text.kv_cache import PAGE
from service.pipelines.text.pages import ROOT

PROMPT_BLOCK = 16

TextRequest = Request[TextParams]


@dataclass(frozen=True, slots=True)
class Plan:
    """How prompts are read, in tokens: split at multiples of `block` only, so many blocks a step.

    `alone` are as many as keep the machine busy; `beside`, while answers are under way, so few that these
    hardly stop, or `an_answer` for each of them, since a step of many takes longer anyway. Weights are read
    once for all rows, so smaller steps lose little.
    """

    block: int
    alone: int
    beside: int
    an_answer: int = 0

    def budget(self, answers: int) -> int:
        """How many prompt tokens a step begins to read beside so many answers."""
        if not answers:
            return self.alone
        return max(self.beside, min(self.alone, self.an_answer * answers))

    @property
    def most(self) -> int:
        """More than a step may read: it goes over its budget by less than a block."""
        return max(self.alone, self.beside) + self.block


# Beside answers, so few that a step takes about two to three times as long as without any.
CPU_PLAN = Plan(PROMPT_BLOCK, alone=256, beside=16, an_answer=2)
GPU_PLAN = Plan(512, alone=2048, beside=512)
# A prompt whose first pages are known already must be split as if they were not: a block is a page.
INVARIANT_PLAN = Plan(PAGE, alone=448, beside=448)


@dataclass(slots=True, eq=False)
class TextState:
    """How far a text request is.

    `table` are its pages; the first `cached` tokens have their keys and values there, and the first `kept`
    pages are known to others, the last of them by `serial`. `last` is the token sampled last, None while the
    prompt is read; `written` are all sampled ones. `seen` [vocabulary] marks tokens for the repetition
    penalty, None without one.
    """

    table: list[int]
    generator: torch.Generator
    seen: Tensor | None = None
    cached: int = 0
    kept: int = 0
    serial: int = ROOT
    last: int | None = None
    written: list[int] = field(default_factory=list)


def state_of(request: TextRequest) -> TextState:
    """The text pipeline's state of a request."""
    return cast(TextState, request.state)


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of one sequence in the packed rows: rows `first` to `last`, positions from `start`."""

    table: Sequence[int]
    first: int
    last: int
    start: int

    @property
    def end(self) -> int:
        """The position after the stretch's last token."""
        return self.start + self.last - self.first

    @property
    def pages(self) -> int:
        """How many pages of its table it reads."""
        return -(-self.end // PAGE)


@dataclass(slots=True)
class Batch:
    """The rows of one forward pass: answers' rows first, a part each, then prompts' parts.

    `token_ids` and `positions` have one entry a row. `sampled_rows` are those whose logits are wanted: all
    answers', then some of the prompts'. Answers' tables are read as if at least `width` pages long.
    """

    token_ids: list[int] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    answers: int = 0
    sampled_rows: list[int] = field(default_factory=list)
    width: int = 0

    def add(self, table: Sequence[int], token_ids: Sequence[int], start: int) -> None:
        """Adds the next tokens of a sequence, from position `start`."""
        first = len(self.token_ids)
        self.token_ids += token_ids
        self.positions += range(start, start + len(token_ids))
        self.parts.append(Part(table, first, len(self.token_ids), start))

    def sample(self) -> None:
        """Asks for the logits of the row that was added last."""
        self.sampled_rows.append(len(self.token_ids) - 1)


@dataclass(slots=True)
class Step:
    """A batch, the requests that get a token from it, in its order, and how far it brings the others."""

    batch: Batch = field(default_factory=Batch)
    sampled: list[TextRequest] = field(default_factory=list)
    read: dict[TextRequest, int] = field(default_factory=dict)

    def add_answer(self, request: TextRequest) -> None:
        """Adds the row of the token that was sampled last."""
        state = state_of(request)
        assert state.last is not None
        self.batch.add(state.table, [state.last], state.cached)
        self.batch.answers += 1
        self._sample(request)

    def add_prompt(self, request: TextRequest, block: int, budget: int) -> int:
        """Adds blocks of a prompt while the budget lasts; returns how many tokens that were.

        Prompts are split at multiples of `block` only, and each block attends by itself, so a prompt's
        numbers do not depend on the load.
        """
        state, prompt = state_of(request), request.params.prompt_ids
        start = state.cached
        while start < len(prompt) and start - state.cached < budget:
            end = min((start // block + 1) * block, len(prompt))
            self.batch.add(state.table, prompt[start:end], start)
            start = end
        self.read[request] = start
        if start == len(prompt):
            self._sample(request)
        return start - state.cached

    def _sample(self, request: TextRequest) -> None:
        self.sampled.append(request)
        self.batch.sample()


def pack(requests: Sequence[TextRequest], plan: Plan) -> Step:
    """Packs one step of these requests; prompts beyond the step's budget wait for the next one.

    What has the least of its prompt left is read first, so that most first tokens come early. A prompt of
    which nothing is read was passed over, which makes it more urgent, so that none waits for ever.
    """
    step = Step()
    prompts = []
    for request in requests:
        if state_of(request).last is not None:
            step.add_answer(request)
        else:
            prompts.append(request)
    budget = plan.budget(step.batch.answers)
    for request in sorted(prompts, key=lambda request: _blocks_left(request, plan) - request.passed_over / 2):
        if budget > 0:
            budget -= step.add_prompt(request, plan.block, budget)
        else:
            request.passed_over += 1
    return step


def _blocks_left(request: TextRequest, plan: Plan) -> int:
    return -(-(len(request.params.prompt_ids) - state_of(request).cached) // plan.block)
