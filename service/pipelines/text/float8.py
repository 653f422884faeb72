"""Matrices of 8-bit floats (e4m3: Micikevicius and others 2022, arXiv:2209.05433).

A weight has a scale for each output, an input one for each row, taken when it comes.
"""

import torch
from torch import Tensor

NUMBER = torch.float8_e4m3fn
LARGEST = torch.finfo(NUMBER).max


class Float8Matrix:
    """Multiplies rows by a weight [out, in], both multiples of 16."""

    def __init__(self, weight: Tensor) -> None:
        values, scales = float8(weight)
        self._values = values.t()  # column by column, as the product wants it
        self._scales = scales.t()

    def __call__(self, x: Tensor) -> Tensor:
        """[rows, in] to [rows, out], of x's type."""
        values, scales = float8(x)
        return torch._scaled_mm(values, self._values, scales, self._scales, out_dtype=x.dtype)


def float8(x: Tensor) -> tuple[Tensor, Tensor]:
    """[rows, n] as e4m3 [rows, n] and a scale a row, float32 [rows, 1]."""
    wide = x.float()
    scales = (wide.abs().amax(-1, keepdim=True) / LARGEST).clamp_(min=torch.finfo(torch.float32).tiny)
    return (wide / scales).to(NUMBER), scales


def check(device: torch.device) -> None:
    """Raises ValueError where a GPU does not multiply these: they came with Hopper, scales a row included."""
    if device.type == "cuda" and torch.cuda.get_device_capability(device) < (9, 0):
        raise ValueError("dtype float8 needs an H100 or newer: choose another --dtype")
