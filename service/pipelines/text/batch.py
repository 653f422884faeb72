"""Packs one step: the next token of every answer under way and the next block of waiting prompts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import torch
from torch import Tensor

from service.engine.params import TextParams
from service.engine.request import Request

PROMPT_BLOCK = 128
PROMPT_TOKENS_A_STEP = 256

TextRequest = Request[TextParams]


@dataclass(slots=True, eq=False)
class TextState:
    """How far a text request is.

    `cached` tokens have their keys and values in `slot`; `last` is the token sampled last, None
    while the prompt is read; `written` counts sampled tokens. `seen` [vocabulary] marks tokens for
    the repetition penalty, None without one.
    """

    slot: int
    generator: torch.Generator
    seen: Tensor | None
    cached: int = 0
    written: int = 0
    last: int | None = None


def state_of(request: TextRequest) -> TextState:
    """The text pipeline's state of a request."""
    return cast(TextState, request.state)


@dataclass(frozen=True, slots=True)
class PromptPart:
    """A stretch of one prompt in the packed rows: rows `first` to `last`, positions from `start`."""

    slot: int
    first: int
    last: int
    start: int

    @property
    def end(self) -> int:
        """The position after the stretch's last token."""
        return self.start + self.last - self.first


@dataclass(slots=True)
class Batch:
    """The rows of one forward pass: answers' rows first, then prompts' rows.

    `token_ids`, `positions` and `slots` have one entry a row. `sampled` are the requests that get a
    token from this pass and `sampled_rows` the rows whose logits they get it from.
    """

    token_ids: list[int] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    slots: list[int] = field(default_factory=list)
    answers: int = 0
    prompt_parts: list[PromptPart] = field(default_factory=list)
    sampled: list[TextRequest] = field(default_factory=list)
    sampled_rows: list[int] = field(default_factory=list)
    prompts: list[tuple[TextRequest, int]] = field(default_factory=list)

    def add_answer(self, request: TextRequest) -> None:
        """Adds the row of the token that was sampled last."""
        state = state_of(request)
        assert state.last is not None
        self._add_rows([state.last], state)
        self.answers += 1
        self._sample(request)

    def add_prompt(self, request: TextRequest) -> None:
        """Adds the rows up to the next multiple of PROMPT_BLOCK.

        Prompts are split nowhere else, so a prompt's numbers do not depend on the load.
        """
        state, prompt = state_of(request), request.params.prompt_ids
        end = min(next_block(state.cached), len(prompt))
        first = len(self.token_ids)
        self._add_rows(prompt[state.cached : end], state)
        self.prompt_parts.append(PromptPart(state.slot, first, len(self.token_ids), state.cached))
        self.prompts.append((request, end))
        if end == len(prompt):
            self._sample(request)

    def _add_rows(self, token_ids: Sequence[int], state: TextState) -> None:
        self.token_ids += token_ids
        self.positions += range(state.cached, state.cached + len(token_ids))
        self.slots += [state.slot] * len(token_ids)

    def _sample(self, request: TextRequest) -> None:
        self.sampled.append(request)
        self.sampled_rows.append(len(self.token_ids) - 1)


def next_block(position: int) -> int:
    """The first multiple of PROMPT_BLOCK above a position."""
    return (position // PROMPT_BLOCK + 1) * PROMPT_BLOCK


def pack(requests: Sequence[TextRequest]) -> Batch:
    """Packs one step of these requests; prompts beyond the step's budget wait for the next one."""
    batch = Batch()
    for request in requests:
        if state_of(request).last is not None:
            batch.add_answer(request)
    for request in requests:
        if state_of(request).last is None and len(batch.token_ids) - batch.answers < PROMPT_TOKENS_A_STEP:
            batch.add_prompt(request)
    return batch
