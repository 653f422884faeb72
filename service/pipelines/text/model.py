"""What a step needs of a model."""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from service.pipelines.text.attention import SlotAttention


@dataclass(frozen=True, slots=True)
class ModelShape:
    """What the cache, the masks and the sampling must know; `window` is the sliding one in tokens."""

    layers: int
    kv_heads: int
    head_dim: int
    vocabulary: int
    window: int | None


class TextModel(Protocol):
    """A forward pass over packed rows. `dtype` is that of its keys and values."""

    shape: ModelShape
    device: torch.device
    dtype: torch.dtype

    def hidden(self, token_ids: list[int], positions: list[int], attention: SlotAttention) -> Tensor:
        """The last hidden state of each row: [rows, hidden_size]."""

    def logits(self, hidden: Tensor) -> Tensor:
        """Scores of the next token: [rows, vocabulary]."""
