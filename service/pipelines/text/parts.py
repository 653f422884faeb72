"""The parts that a forward pass is made of, as a checkpoint has them or in 8 bits."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import embedding, linear
from transformers import LlamaConfig, MistralConfig

from service.pipelines.text.int8 import Int8Matrix
from service.pipelines.text.model import shape_of
from service.pipelines.text.rotation import RotatedWeights
from service.pipelines.text.weights import Weights

Config = LlamaConfig | MistralConfig
Matrix = Callable[[Tensor], Tensor]  # [rows, in] to [rows, out]
EMBEDDING, NORM, HEAD = "model.embed_tokens.weight", "model.norm.weight", "lm_head.weight"


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer. The norms' gains are [hidden_size], or None where they are part of the matrices."""

    attention_norm: Tensor | None
    qkv: Matrix
    out: Matrix
    mlp_norm: Tensor | None
    gate_up: Matrix
    down: Matrix


@dataclass(frozen=True, slots=True)
class Parts:
    """All of a model. `embed` turns token ids [rows] into rows [rows, hidden_size]."""

    embed: Callable[[Tensor], Tensor]
    layers: tuple[Layer, ...]
    norm: Tensor | None
    head: Matrix


def plain_parts(config: Config, weights: Weights) -> Parts:
    """The checkpoint's own numbers."""
    table = weights[EMBEDDING]
    head = table if config.tie_word_embeddings else weights[HEAD]
    layers = tuple(_plain_layer(weights, index) for index in range(config.num_hidden_layers))
    return Parts(partial(embedding, weight=table), layers, weights[NORM], _matrix(head))


def int8_parts(config: Config, weights: Weights) -> Parts:
    """Every matrix in 8 bits, turned so that little is lost by it."""
    head_dim = shape_of(config).head_dim
    turned = RotatedWeights(weights, config.hidden_size, config.intermediate_size, head_dim)
    table, stream = weights[EMBEDDING], turned.stream.float()
    head = turned.reading(NORM, EMBEDDING if config.tie_word_embeddings else HEAD)
    layers = tuple(_int8_layer(turned, index) for index in range(config.num_hidden_layers))
    return Parts(lambda ids: embedding(ids, table) @ stream, layers, None, Int8Matrix(head))


def _plain_layer(weights: Weights, index: int) -> Layer:
    names = _Names(index)
    return Layer(
        attention_norm=weights[names.attention_norm],
        qkv=_matrix(weights.stacked(names.query, names.key, names.value)),
        out=_matrix(weights[names.out]),
        mlp_norm=weights[names.mlp_norm],
        gate_up=_matrix(weights.stacked(names.gate, names.up)),
        down=_matrix(weights[names.down]),
    )


def _int8_layer(turned: RotatedWeights, index: int) -> Layer:
    names = _Names(index)
    scores = turned.reading(names.attention_norm, names.query, names.key)
    values = turned.values(names.attention_norm, names.value)
    return Layer(
        attention_norm=None,
        qkv=Int8Matrix(torch.cat((scores, values))),
        out=Int8Matrix(turned.attended(names.out)),
        mlp_norm=None,
        gate_up=Int8Matrix(turned.reading(names.mlp_norm, names.gate, names.up)),
        down=Int8Matrix(turned.gated(names.down), turned.inner.float()),
    )


def _matrix(weight: Tensor) -> Matrix:
    return partial(linear, weight=weight)


class _Names:
    """What a layer's tensors are called."""

    def __init__(self, index: int) -> None:
        layer = f"model.layers.{index}"
        self.attention_norm = f"{layer}.input_layernorm.weight"
        self.query, self.key, self.value, self.out = (f"{layer}.self_attn.{n}_proj.weight" for n in "qkvo")
        self.mlp_norm = f"{layer}.post_attention_layernorm.weight"
        self.gate, self.up, self.down = (f"{layer}.mlp.{n}_proj.weight" for n in ("gate", "up", "down"))
