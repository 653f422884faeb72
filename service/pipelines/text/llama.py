"""A forward pass of the Llama and Mistral family, as lean as a packed step allows.

Queries, keys and values come out of one product, and so do the two halves of the gated layer; keys
and values are written where the cache keeps them; nothing is copied for grouped heads. What it
computes is transformers' model, which the tests compare it with.
"""

from pathlib import Path
from typing import TypeGuard, cast

import torch
from torch import Tensor
from torch.nn.functional import silu
from transformers import LlamaConfig, MistralConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

from service.models.architecture import is_plain
from service.pipelines.text import float8
from service.pipelines.text.answers import AnswersAttention
from service.pipelines.text.attention import Attention, PagedAttention
from service.pipelines.text.batch import Batch
from service.pipelines.text.kv_cache import KVCache
from service.pipelines.text.model import shape_of
from service.pipelines.text.parts import Config, Parts, int8_parts, plain_parts
from service.pipelines.text.staging import to_device
from service.pipelines.text.weights import Weights


class Llama:
    """The model. `dtype` is the type of numbers between its matrices: float32, bfloat16 or float16."""

    exact = False

    def __init__(self, config: Config, parts: Parts, device: torch.device, dtype: torch.dtype) -> None:
        self.shape = shape_of(config)
        self.device, self.dtype = device, dtype
        self._parts = parts
        self._heads = config.num_attention_heads
        self._eps: float = config.rms_norm_eps
        self._scale = self.shape.kv.head_dim**-0.5
        self._rotation = LlamaRotaryEmbedding(cast(LlamaConfig, config)).to(device)

    def logits(self, batch: Batch, cache: KVCache) -> Tensor:
        """Writes the rows' keys and values; returns scores of the next token [sampled rows, vocabulary]."""
        attention = PagedAttention(cache, self.shape.kv, batch, self.shape.window, self.device)
        ids, positions = to_device([batch.token_ids, batch.positions], self.device)
        hidden = self._hidden(ids, positions, attention)
        if not batch.sampled_rows:
            return hidden.new_empty(0, self.shape.vocabulary)
        return self._scores(hidden[to_device(batch.sampled_rows, self.device)])

    def decode(self, rows: Tensor, cache: KVCache) -> Tensor:
        """A pass of answers alone, as a function of one tensor: scores [rows, vocabulary].

        rows: int64 [rows, 2 + pages] on the model's device, each a token, its position and its pages.
        """
        ids, positions, tables = rows[:, 0], rows[:, 1], rows[:, 2:]
        attention = AnswersAttention(cache, self.shape.kv, positions, tables, self.shape.window)
        return self._scores(self._hidden(ids, positions, attention))

    def _scores(self, hidden: Tensor) -> Tensor:
        return self._parts.head(self._normed(hidden, self._parts.norm))

    def _hidden(self, ids: Tensor, positions: Tensor, attention: Attention) -> Tensor:
        """What the last layer gives for each row, not normalised: [rows, hidden_size]."""
        x = self._parts.embed(ids)
        cos, sin = (part[0][:, None] for part in self._rotation(x, positions[None]))
        for index, layer in enumerate(self._parts.layers):
            query, key, value = self._split(layer.qkv(self._normed(x, layer.attention_norm)))
            query, key = _rotated(query, cos, sin), _rotated(key, cos, sin)
            attended = attention.attend(index, query, key, value, self._scale)
            x = x + layer.out(attended.flatten(1))
            gate, up = layer.gate_up(self._normed(x, layer.mlp_norm)).chunk(2, -1)
            x = x + layer.down(silu(gate) * up)
        return x

    def _split(self, qkv: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """[rows, all heads * head_dim] to queries [rows, heads, head_dim], keys and values."""
        heads, kv_heads = self._heads, self.shape.kv.kv_heads
        by_head = qkv.view(len(qkv), heads + 2 * kv_heads, self.shape.kv.head_dim)
        return by_head[:, :heads], by_head[:, heads : heads + kv_heads], by_head[:, heads + kv_heads :]

    def _normed(self, x: Tensor, gain: Tensor | None) -> Tensor:
        """Root mean square norm (Zhang and Sennrich 2019, arXiv:1910.07467), in float32 as transformers."""
        wide = x.float()
        wide = wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + self._eps)
        return wide.to(x.dtype) if gain is None else gain * wide.to(x.dtype)


def load_llama(config: Config, folder: Path, device: torch.device, dtype: torch.dtype) -> Llama:
    """Reads a checkpoint's safetensors, a tensor at a time. 8-bit `dtype`s are those of its matrices.

    With torch.float8_e4m3fn embeddings and head stay in bfloat16.
    """
    if dtype == torch.int8:
        parts = int8_parts(config, Weights(folder, device, torch.float32))
        return Llama(config, parts, device, torch.float32)
    if dtype == float8.NUMBER:
        parts = plain_parts(config, Weights(folder, device, torch.bfloat16), float8.Float8Matrix)
        return Llama(config, parts, device, torch.bfloat16)
    return Llama(config, plain_parts(config, Weights(folder, device, dtype)), device, dtype)


def is_lean(config: object) -> TypeGuard[Config]:
    """Whether this module computes a configuration's model; transformers has the others."""
    return isinstance(config, LlamaConfig | MistralConfig) and is_plain(config.to_dict())


def _rotated(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary positions (Su and others 2021, arXiv:2104.09864): x [rows, heads, head_dim]."""
    first, second = x.chunk(2, -1)
    return x * cos + torch.cat((-second, first), -1) * sin
