"""What a step needs of a model."""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from transformers import PreTrainedConfig

from service.pipelines.text.attention import SlotAttention


@dataclass(frozen=True, slots=True)
class ModelShape:
    """What the cache, the masks and the sampling must know; `window` is the sliding one in tokens."""

    layers: int
    kv_heads: int
    head_dim: int
    vocabulary: int
    window: int | None


def shape_of(config: PreTrainedConfig) -> ModelShape:
    """Of a Llama, a Mistral or what is configured alike."""
    return ModelShape(
        layers=config.num_hidden_layers,
        kv_heads=config.num_key_value_heads,
        head_dim=getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads,
        vocabulary=config.vocab_size,
        window=getattr(config, "sliding_window", None),
    )


class TextModel(Protocol):
    """A forward pass over packed rows. `dtype` is that of its keys and values."""

    shape: ModelShape
    device: torch.device
    dtype: torch.dtype

    def hidden(self, token_ids: list[int], positions: list[int], attention: SlotAttention) -> Tensor:
        """What `logits` reads, a row each: [rows, hidden_size]."""

    def logits(self, hidden: Tensor) -> Tensor:
        """Scores of the next token: [rows, vocabulary]."""
