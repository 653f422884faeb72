"""A Llama- or Mistral-architecture model from transformers, reduced to the two calls a step needs."""

from typing import Protocol, cast

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from service.pipelines.text.attention import NAME, SlotAttention


class _CausalLM(Protocol):
    """The parts of transformers' causal language models that are used here."""

    model: nn.Module
    lm_head: nn.Module


class TextModel:
    """A forward pass over packed rows. `window` is the sliding window in tokens, None without one."""

    def __init__(self, model: PreTrainedModel) -> None:
        model.set_attn_implementation(NAME)
        causal = cast(_CausalLM, model)
        self._body, self._head = causal.model, causal.lm_head
        self.device: torch.device = model.device
        self.vocabulary: int = model.config.vocab_size
        self.window: int | None = getattr(model.config, "sliding_window", None)

    def hidden(self, token_ids: list[int], positions: list[int], attention: SlotAttention) -> Tensor:
        """The last hidden state of each row: [rows, hidden_size]."""
        ids, places = torch.tensor([token_ids, positions], device=self.device)
        output = self._body(input_ids=ids[None], position_ids=places[None], use_cache=False, slots=attention)
        return cast(Tensor, output.last_hidden_state[0])

    def logits(self, hidden: Tensor) -> Tensor:
        """Scores of the next token: [rows, vocabulary]."""
        return cast(Tensor, self._head(hidden))
