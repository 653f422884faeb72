"""The Llama and Mistral family in 8-bit integers, computed by machine code."""

import ctypes
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

from service.pipelines.text.batch import Batch
from service.pipelines.text.kv_cache import KVCache
from service.pipelines.text.model import shape_of
from service.pipelines.text.native import structures
from service.pipelines.text.native.build import library
from service.pipelines.text.native.structures import Packed
from service.pipelines.text.parts import Config, Int8Weights, int8_weights
from service.pipelines.text.weights import Weights


class NativeLlama:
    """The model. Its keys and values are in half precision, a page's keys [head_dim, PAGE]."""

    device = torch.device("cpu")
    dtype = torch.float16
    exact = True

    def __init__(self, config: Config, weights: Int8Weights, context: int, threads: int) -> None:
        found = library()
        assert found is not None
        self.shape = shape_of(config)
        self._forward = found.forward
        self._threads = threads
        tile, group = found.tile_columns(), found.group_inputs()
        layers = [[Packed(weight, tile, group) for weight in layer] for layer in weights.layers]
        head = Packed(weights.head, tile, group)
        table, signs = weights.table.half(), weights.inner[:, 0].float()  # a Hadamard matrix, but for them
        cosines, sines = _positions(config, context)
        self._columns = head.columns + -head.columns % tile
        self._held = (layers, head, table, signs, cosines, sines)  # what the structure points into
        self._model = structures.Model(
            (structures.Layer * len(layers))(
                *((structures.Layer(*(p.matrix for p in row))) for row in layers)
            ),
            head.matrix,
            *(tensor.data_ptr() for tensor in (table, cosines, sines, signs)),
            len(layers),
            config.hidden_size,
            config.intermediate_size,
            config.num_attention_heads,
            self.shape.kv.kv_heads,
            self.shape.kv.head_dim,
            len(signs),
            self.shape.window or 0,
            config.rms_norm_eps,
        )

    def logits(self, batch: Batch, cache: KVCache) -> Tensor:
        """Writes the rows' keys and values; returns scores of the next token [sampled rows, vocabulary]."""
        kv, samples = self.shape.kv, len(batch.sampled_rows)
        logits = torch.empty(samples, self._columns)
        starts = np.cumsum([0, *(len(part.table) for part in batch.parts)])
        tables = np.repeat(starts[:-1], [part.last - part.first for part in batch.parts])
        pages = [page for part in batch.parts for page in part.table]
        numbers = [_numbers(x) for x in (batch.token_ids, batch.positions, tables, pages, batch.sampled_rows)]
        asked = structures.Pass(
            *(array.ctypes.data for array in numbers),
            logits.data_ptr(),
            len(batch.token_ids),
            samples,
            self._threads,
        )
        kept = structures.Cache(
            cache.keys.data_ptr(), cache.values.data_ptr(), kv.layers, kv.kv_heads, kv.head_dim
        )
        self._forward(*(ctypes.byref(each) for each in (self._model, kept, asked)))
        return logits[:, : self.shape.vocabulary]


def is_native(config: Config) -> bool:
    """Whether the machine code is there and computes a model of these sizes."""
    found = library()
    if found is None:
        return False
    sizes = (config.hidden_size, config.intermediate_size, shape_of(config).kv.head_dim)
    return all(size % found.tile_columns() == 0 for size in sizes)


def load_native(config: Config, folder: Path, context: int, threads: int) -> NativeLlama:
    """Reads a checkpoint's safetensors, a tensor at a time."""
    weights = int8_weights(config, Weights(folder, NativeLlama.device, torch.float32))
    return NativeLlama(config, weights, context, threads)


def _positions(config: Config, context: int) -> tuple[Tensor, Tensor]:
    """Cosines and sines of every position [context, head_dim / 2]."""
    rotation = LlamaRotaryEmbedding(cast(LlamaConfig, config))
    both = rotation(torch.empty(0), torch.arange(context)[None])
    cosines, sines = (part[0, :, : part.shape[-1] // 2].contiguous() for part in both)
    return cosines, sines


def _numbers(values: Sequence[int] | NDArray[np.int64]) -> NDArray[np.int32]:
    return np.asarray(values, np.int32)
