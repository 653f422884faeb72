"""A forward pass of the Llama and Mistral family, as lean as a packed step allows.

Queries, keys and values come out of one product, and so do the two halves of the gated layer; keys
and values are written where the cache keeps them; nothing is copied for grouped heads. What it
computes is transformers' model, which the tests compare it with.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard, cast

import torch
from torch import Tensor
from torch.nn.functional import linear, silu
from transformers import LlamaConfig, MistralConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

from service.pipelines.text.attention import SlotAttention
from service.pipelines.text.model import ModelShape
from service.pipelines.text.weights import Weights

STATIC_ROPES = ("default", "linear", "llama3", "yarn")  # whose frequencies do not depend on the length

Config = LlamaConfig | MistralConfig


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer's weights, each [out, in] or [hidden_size]."""

    attention_norm: Tensor
    qkv: Tensor
    out: Tensor
    mlp_norm: Tensor
    gate_up: Tensor
    down: Tensor


class Llama:
    """The model. Its numbers are those of its weights: float32, bfloat16 or float16."""

    def __init__(self, config: Config, weights: Weights) -> None:
        heads = config.num_attention_heads
        kv_heads = config.num_key_value_heads or heads
        head_dim = config.head_dim or config.hidden_size // heads
        self.shape = ModelShape(
            layers=config.num_hidden_layers,
            kv_heads=kv_heads,
            head_dim=head_dim,
            vocabulary=config.vocab_size,
            window=getattr(config, "sliding_window", None),
        )
        self.device, self.dtype = weights.device, weights.dtype
        self._heads = heads
        self._eps: float = config.rms_norm_eps
        self._scale = head_dim**-0.5
        self._rotation = LlamaRotaryEmbedding(cast(LlamaConfig, config)).to(weights.device)
        self._embedding = weights["model.embed_tokens.weight"]
        self._layers = [_layer(weights, index) for index in range(config.num_hidden_layers)]
        self._norm = weights["model.norm.weight"]
        self._head = self._embedding if config.tie_word_embeddings else weights["lm_head.weight"]

    def hidden(self, token_ids: list[int], positions: list[int], attention: SlotAttention) -> Tensor:
        """What the last layer gives for each row, not normalised: [rows, hidden_size]."""
        ids, places = torch.tensor([token_ids, positions], device=self.device)
        x = self._embedding[ids]
        cos, sin = (part[0][:, None] for part in self._rotation(x, places[None]))
        for index, layer in enumerate(self._layers):
            query, key, value = self._split(linear(self._normed(x, layer.attention_norm), layer.qkv))
            query, key = _rotated(query, cos, sin), _rotated(key, cos, sin)
            attended = attention.attend(index, query, key, value, self._scale)
            x = x + linear(attended.flatten(1), layer.out)
            gate, up = linear(self._normed(x, layer.mlp_norm), layer.gate_up).chunk(2, -1)
            x = x + linear(silu(gate) * up, layer.down)
        return x

    def logits(self, hidden: Tensor) -> Tensor:
        """Scores of the next token: [rows, vocabulary]."""
        return linear(self._normed(hidden, self._norm), self._head)

    def _split(self, qkv: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """[rows, all heads * head_dim] to queries [rows, heads, head_dim], keys and values."""
        heads, kv_heads = self._heads, self.shape.kv_heads
        by_head = qkv.view(len(qkv), heads + 2 * kv_heads, self.shape.head_dim)
        return by_head[:, :heads], by_head[:, heads : heads + kv_heads], by_head[:, heads + kv_heads :]

    def _normed(self, x: Tensor, weight: Tensor) -> Tensor:
        """Root mean square norm (Zhang and Sennrich 2019, arXiv:1910.07467), in float32 as transformers."""
        wide = x.float()
        wide = wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + self._eps)
        return weight * wide.to(x.dtype)


def load_llama(config: Config, folder: Path, device: torch.device, dtype: torch.dtype) -> Llama:
    """Reads a checkpoint's safetensors, a tensor at a time."""
    return Llama(config, Weights(folder, device, dtype))


def is_lean(config: object) -> TypeGuard[Config]:
    """Whether this module computes a configuration's model; transformers has the others."""
    if not isinstance(config, LlamaConfig | MistralConfig):
        return False
    plain = not getattr(config, "attention_bias", False) and not getattr(config, "mlp_bias", False)
    rope = (config.rope_parameters or {}).get("rope_type", "default")
    return plain and config.hidden_act == "silu" and rope in STATIC_ROPES


def _layer(weights: Weights, index: int) -> Layer:
    prefix = f"model.layers.{index}"
    attention, mlp = f"{prefix}.self_attn", f"{prefix}.mlp"
    return Layer(
        attention_norm=weights[f"{prefix}.input_layernorm.weight"],
        qkv=weights.stacked(*(f"{attention}.{name}_proj.weight" for name in "qkv")),
        out=weights[f"{attention}.o_proj.weight"],
        mlp_norm=weights[f"{prefix}.post_attention_layernorm.weight"],
        gate_up=weights.stacked(f"{mlp}.gate_proj.weight", f"{mlp}.up_proj.weight"),
        down=weights[f"{mlp}.down_proj.weight"],
    )


def _rotated(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary positions (Su and others 2021, arXiv:2104.09864): x [rows, heads, head_dim]."""
    first, second = x.chunk(2, -1)
    return x * cos + torch.cat((-second, first), -1) * sin
