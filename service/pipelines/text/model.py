"""What a step needs of a model."""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from transformers import PreTrainedConfig

from service.pipelines.text.batch import Batch
from service.pipelines.text.kv_cache import KVCache, KVShape


@dataclass(frozen=True, slots=True)
class ModelShape:
    """What the cache, the masks and the sampling must know; `window` is the sliding one in tokens."""

    kv: KVShape
    vocabulary: int
    window: int | None


def shape_of(config: PreTrainedConfig) -> ModelShape:
    """Of a Llama, a Mistral or what is configured alike."""
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return ModelShape(
        kv=KVShape(config.num_hidden_layers, config.num_key_value_heads, head_dim),
        vocabulary=config.vocab_size,
        window=getattr(config, "sliding_window", None),
    )


class TextModel(Protocol):
    """A forward pass over packed rows.

    `dtype` is that of its keys and values. `exact` tells whether a row's numbers are the same to the last bit
    whatever rows share its pass and however its prompt was split.
    """

    shape: ModelShape
    device: torch.device
    dtype: torch.dtype
    exact: bool

    def logits(self, batch: Batch, cache: KVCache) -> Tensor:
        """Writes the rows' keys and values; returns scores of the next token [sampled rows, vocabulary]."""
