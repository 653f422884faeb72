"""The text pipeline: every step reads a block of new prompts and writes a token of each answer."""

from collections.abc import Hashable, Sequence

import torch
from torch import Tensor

from service.engine.events import FinishReason, Token
from service.pipelines.memory import out_of_memory
from service.pipelines.text.attention import SlotAttention
from service.pipelines.text.batch import PROMPT_BLOCK, TextRequest, TextState, pack, state_of
from service.pipelines.text.kv_cache import KVCache
from service.pipelines.text.model import TextModel
from service.pipelines.text.sampling import sample


class TextPipeline:
    """Prefill and decode on slots of a key-value cache; the slots in use are always the first ones."""

    def __init__(self, model: TextModel, cache: KVCache) -> None:
        self._model = model
        self._cache = cache
        self._in_slots: list[TextRequest] = []

    def capacity(self) -> int:
        """One a slot."""
        return self._cache.shape.slots

    def cost(self, request: TextRequest) -> int:  # noqa: ARG002 - every request takes one slot
        """Each request takes one slot."""
        return 1

    def arrive(self, request: TextRequest, others: Sequence[TextRequest]) -> None:  # noqa: ARG002
        """A step for each block of the prompt and each token; its place is told to nobody."""
        params = request.params
        request.steps_left = -(-len(params.prompt_ids) // PROMPT_BLOCK) - 1 + params.max_tokens

    def rows(self, request: TextRequest) -> int:  # noqa: ARG002 - every request takes one row
        """Each request is one row of the width."""
        return 1

    def batch_key(self, request: TextRequest) -> Hashable:  # noqa: ARG002 - all share one pass
        """All requests share one forward pass."""
        return None

    def width(self, key: Hashable) -> int:  # noqa: ARG002 - there is one key
        """Every running request takes part in every step."""
        return self.capacity()

    def start(self, request: TextRequest) -> None:
        """Gives the request the next slot."""
        params = request.params
        seen = None
        if params.repetition_penalty != 1:
            seen = torch.zeros(self._model.shape.vocabulary, dtype=torch.bool)
            seen[list(params.prompt_ids)] = True
        generator = torch.Generator().manual_seed(params.seed)
        request.state = TextState(len(self._in_slots), generator, seen)
        self._in_slots.append(request)

    def step(self, requests: Sequence[TextRequest]) -> None:
        """One forward pass: a token for every answer, a block for prompts within the budget.

        Raises OutOfMemory, with nothing accepted: the pass may be tried again with fewer requests.
        """
        batch = pack(requests)
        with torch.inference_mode(), out_of_memory():
            attention = SlotAttention(self._cache, batch, self._model.shape.window, self._model.device)
            hidden = self._model.hidden(batch.token_ids, batch.positions, attention)
            tokens = self._tokens(hidden, batch.sampled, batch.sampled_rows)
        for request, end in batch.prompts:
            state_of(request).cached = end
            request.steps_left -= 1
        for request, token in zip(batch.sampled, tokens, strict=True):
            self._accept(request, token)

    def finish(self, request: TextRequest) -> None:
        """Frees the slot: the last slot's request moves into it, so that no gap is left."""
        slot = state_of(request).slot
        last = self._in_slots.pop()
        if last is not request:
            state = state_of(last)
            self._cache.move(state.slot, slot, state.cached)
            state.slot = slot
            self._in_slots[slot] = last
        request.state = None

    def _tokens(self, hidden: Tensor, requests: list[TextRequest], rows: list[int]) -> list[int]:
        if not requests:
            return []
        return sample(self._model.logits(hidden[rows]), requests)

    def _accept(self, request: TextRequest, token: int) -> None:
        state = state_of(request)
        if state.last is not None:
            state.cached += 1
            request.steps_left -= 1
        state.last = token
        state.written += 1
        if state.seen is not None:
            state.seen[token] = True
        request.emit(Token(token, _finish_reason(request, token)))


def _finish_reason(request: TextRequest, token: int) -> FinishReason | None:
    if token in request.params.stop_ids:
        return "stop"
    if state_of(request).written >= request.params.max_tokens:
        return "length"
    return None
