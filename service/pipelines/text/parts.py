"""The parts that a forward pass is made of, as a checkpoint has them or in 8 bits."""

from collections.abc import Callable, Iterable
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
Maker = Callable[[Tensor], Matrix]  # from a weight [out, in]
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


def plain_parts(config: Config, weights: Weights, matrix: Maker | None = None) -> Parts:
    """The checkpoint's own numbers; `matrix` makes the layers' matrices of them, as they are unless given."""
    make = matrix or _matrix
    table = weights[EMBEDDING]
    head = table if config.tie_word_embeddings else weights[HEAD]
    layers = tuple(_plain_layer(weights, index, make) for index in range(config.num_hidden_layers))
    return Parts(partial(embedding, weight=table), layers, weights[NORM], _matrix(head))


@dataclass(frozen=True, slots=True)
class Int8Weights:
    """A turned model, in numbers that 8 bits will hold.

    `table` [vocabulary, hidden_size] and `head` are the embeddings and the head; `layers` give, each when it
    is asked for, queries with keys and values, what writes them, gates with ups, downs. `inner` [n, n] is
    done to every n inner states.
    """

    table: Tensor
    layers: Iterable[tuple[Tensor, Tensor, Tensor, Tensor]]
    head: Tensor
    inner: Tensor


def int8_weights(config: Config, weights: Weights) -> Int8Weights:
    """A checkpoint's matrices, turned so that little is lost in 8 bits."""
    head_dim = shape_of(config).kv.head_dim
    turned = RotatedWeights(weights, config.hidden_size, config.intermediate_size, head_dim)
    return Int8Weights(
        table=weights[EMBEDDING] @ turned.stream.float(),
        layers=(_int8_layer(turned, index) for index in range(config.num_hidden_layers)),
        head=turned.reading(NORM, EMBEDDING if config.tie_word_embeddings else HEAD),
        inner=turned.inner,
    )


def int8_parts(config: Config, weights: Weights) -> Parts:
    """Every matrix in 8 bits."""
    turned = int8_weights(config, weights)
    layers = []
    for qkv, out, gate_up, down in turned.layers:
        last = Int8Matrix(down, turned.inner.float())
        layers.append(Layer(None, Int8Matrix(qkv), Int8Matrix(out), None, Int8Matrix(gate_up), last))
    return Parts(partial(embedding, weight=turned.table), tuple(layers), None, Int8Matrix(turned.head))


def _plain_layer(weights: Weights, index: int, matrix: Maker) -> Layer:
    names = _Names(index)
    return Layer(
        attention_norm=weights[names.attention_norm],
        qkv=matrix(weights.stacked(names.query, names.key, names.value)),
        out=matrix(weights[names.out]),
        mlp_norm=weights[names.mlp_norm],
        gate_up=matrix(weights.stacked(names.gate, names.up)),
        down=matrix(weights[names.down]),
    )


def _int8_layer(turned: RotatedWeights, index: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    names = _Names(index)
    scores = turned.reading(names.attention_norm, names.query, names.key)
    values = turned.values(names.attention_norm, names.value)
    return (
        torch.cat((scores, values)),
        turned.attended(names.out),
        turned.reading(names.mlp_norm, names.gate, names.up),
        turned.gated(names.down),
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
