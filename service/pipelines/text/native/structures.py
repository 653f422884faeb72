"""What the machine code is called with: the structures of forward.cpp, matrix.h and attention.h."""

import ctypes
from ctypes import POINTER, c_float, c_int32, c_int64, c_void_p

import torch
from torch import Tensor

from service.pipelines.text.int8 import quantised


class Matrix(ctypes.Structure):
    """A weight of 8-bit integers, in tiles."""

    _fields_ = (
        ("values", c_void_p),
        ("scales", c_void_p),
        ("sums", c_void_p),
        ("columns", c_int64),
        ("inputs", c_int64),
    )


class Layer(ctypes.Structure):
    """The matrices of a layer."""

    _fields_ = (("qkv", Matrix), ("out", Matrix), ("gate_up", Matrix), ("down", Matrix))


class Model(ctypes.Structure):
    """All of a model."""

    _fields_ = (
        ("layers", POINTER(Layer)),
        ("head", Matrix),
        ("table", c_void_p),
        ("cosines", c_void_p),
        ("sines", c_void_p),
        ("signs", c_void_p),
        *((name, c_int64) for name in ("layer_count", "hidden", "inner", "heads", "kv_heads", "head_dim")),
        ("block", c_int64),
        ("window", c_int64),
        ("epsilon", c_float),
    )


class Cache(ctypes.Structure):
    """Where keys and values are."""

    _fields_ = (
        ("keys", c_void_p),
        ("values", c_void_p),
        *((name, c_int64) for name in ("layers", "kv_heads", "head_dim")),
    )


class Pass(ctypes.Structure):
    """What is computed, and where the logits go."""

    _fields_ = (
        *((name, c_void_p) for name in ("tokens", "positions", "tables", "pages", "sampled", "logits")),
        ("rows", c_int64),
        ("samples", c_int64),
        ("threads", c_int32),
    )


class Packed:
    """A weight [columns, inputs] as the machine code reads it, with the memory that it lies in."""

    def __init__(self, weight: Tensor, tile: int, group: int) -> None:
        values, scales = quantised(weight)
        columns, inputs = values.shape
        self.columns, self.inputs = columns, inputs
        missing = -columns % tile
        values = torch.nn.functional.pad(values, (0, 0, 0, missing))
        self._scales = torch.nn.functional.pad(scales[:, 0], (0, missing)).contiguous()
        self._sums = values.sum(1, dtype=torch.int32)
        self._values = values.view(-1, tile, inputs // group, group).transpose(1, 2).contiguous()

    @property
    def matrix(self) -> Matrix:
        """Valid while this object lives."""
        where = (tensor.data_ptr() for tensor in (self._values, self._scales, self._sums))
        return Matrix(*where, self.columns, self.inputs)
