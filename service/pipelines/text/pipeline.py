"""The text pipeline: every step reads some of the new prompts and writes a token of each answer."""

from collections.abc import Hashable, Sequence

import torch

from service.engine.events import FinishReason, Token
from service.engine.params import TextParams
from service.pipelines.memory import out_of_memory
from service.pipelines.text.batch import CPU_PLAN, Plan, TextRequest, TextState, pack, state_of
from service.pipelines.text.kv_cache import PAGE, KVCache
from service.pipelines.text.model import TextModel
from service.pipelines.text.pages import PagePool
from service.pipelines.text.sampling import sample
from service.pipelines.text.staging import to_device


class TextPipeline:
    """Prefill and decode on pages of keys and values.

    A request takes pages for its prompt and its longest answer when it starts, so that it never has to give
    way; the pages decide how many requests run, `max_running` bounds them.
    """

    def __init__(self, model: TextModel, cache: KVCache, max_running: int, plan: Plan = CPU_PLAN) -> None:
        self._model = model
        self._cache = cache
        self._max_running = max_running
        self._plan = plan
        self.pool = PagePool(cache.pages)

    def capacity(self) -> int:
        """In pages times `max_running`: see `cost`."""
        return self.pool.pages * self._max_running

    def cost(self, request: TextRequest) -> int:
        """Its share of the pages or of the places, whichever is the larger."""
        return max(_pages_of(request) * self._max_running, self.pool.pages)

    def arrive(self, request: TextRequest, others: Sequence[TextRequest]) -> None:  # noqa: ARG002
        """A step for each block of the prompt and each token; its place is told to nobody."""
        request.steps_left = self._steps_left(request.params, cached=0, written=0)

    def rows(self, request: TextRequest) -> int:  # noqa: ARG002 - every request takes one row
        """Each request is one row of the width."""
        return 1

    def batch_key(self, request: TextRequest) -> Hashable:  # noqa: ARG002 - all share one pass
        """All requests share one forward pass."""
        return None

    def width(self, key: Hashable) -> int:  # noqa: ARG002 - there is one key
        """Every running request takes part in every step."""
        return self._max_running

    def start(self, request: TextRequest) -> None:
        """Gives the request its pages; those that begin its prompt and are known already need not be read."""
        params = request.params
        seen = None
        if params.repetition_penalty != 1:
            seen = _marked(params.prompt_ids, self._model)
        # The last token has to be read in any case: its logits are what the answer begins with.
        known, serial = self.pool.find(params.prompt_ids[:-1])
        table = known + self.pool.take(_pages_of(request) - len(known))
        generator = torch.Generator().manual_seed(params.seed)
        request.state = TextState(table, generator, seen, len(known) * PAGE, len(known), serial)

    def step(self, requests: Sequence[TextRequest]) -> None:
        """One forward pass: a token for every answer, and prompts within the budget.

        Raises OutOfMemory, with nothing accepted: the pass may be tried again with fewer requests.
        """
        step = pack(requests, self._plan)
        with torch.inference_mode(), out_of_memory():
            logits = self._model.logits(step.batch, self._cache)
            tokens = sample(logits, step.sampled)
        for request, end in step.read.items():
            state = state_of(request)
            state.cached = end
            request.steps_left = self._steps_left(request.params, end, written=0)
            self._keep_full_pages(request)
        for request, token in zip(step.sampled, tokens, strict=True):
            self._accept(request, token)

    def finish(self, request: TextRequest) -> None:
        """Frees the pages; those that are full stay known as long as nobody needs their place."""
        self.pool.give_back(state_of(request).table)
        request.state = None

    def _accept(self, request: TextRequest, token: int) -> None:
        state = state_of(request)
        if state.last is not None:
            state.cached += 1
            if self._model.exact:
                self._keep_full_pages(request)
        state.last = token
        state.written.append(token)
        request.steps_left = self._steps_left(request.params, state.cached, len(state.written))
        if state.seen is not None:
            state.seen[token] = True
        request.emit(Token(token, _finish_reason(request, token)))

    def _steps_left(self, params: TextParams, cached: int, written: int) -> int:
        """One for each block of the prompt and each token; the last block brings the first token."""
        blocks = -(-(len(params.prompt_ids) - cached) // self._plan.block)
        return max(0, blocks - 1) + params.max_tokens - written

    def _keep_full_pages(self, request: TextRequest) -> None:
        """Answers' pages only where reading them as a prompt would give the same numbers."""
        state = state_of(request)
        while state.kept < state.cached // PAGE:
            start = state.kept * PAGE
            page = state.table[state.kept]
            state.serial = self.pool.keep(page, state.serial, _tokens(request, start, start + PAGE))
            state.kept += 1


def _marked(tokens: Sequence[int], model: TextModel) -> torch.Tensor:
    """Of the vocabulary, which tokens are among these: bool [vocabulary]."""
    marks = torch.zeros(model.shape.vocabulary, dtype=torch.bool, device=model.device)
    return marks.index_fill_(0, to_device(tokens, model.device), True)


def _pages_of(request: TextRequest) -> int:
    """What it needs at most: the last token is never read."""
    return -(-(len(request.params.prompt_ids) + request.params.max_tokens - 1) // PAGE)


def _tokens(request: TextRequest, start: int, end: int) -> tuple[int, ...]:
    """Those of prompt and answer together."""
    prompt = request.params.prompt_ids
    answer = state_of(request).written[max(0, start - len(prompt)) : max(0, end - len(prompt))]
    return (*prompt[start:end], *answer)


def _finish_reason(request: TextRequest, token: int) -> FinishReason | None:
    if token in request.params.stop_ids:
        return "stop"
    if len(state_of(request).written) >= request.params.max_tokens:
        return "length"
    return None
