"""Matrices of 8-bit integers, whose products are summed exactly.

A weight has a scale for each output, an input one for each row. Sums of integers do not depend on their
order, so a row's product is the same to the last bit whatever rows come with it.
"""

import torch
from torch import Tensor

LARGEST = 127


class Int8Matrix:
    """Multiplies rows by a weight [out, in]; `turn` [n, n] is done to every n inputs first."""

    def __init__(self, weight: Tensor, turn: Tensor | None = None) -> None:
        values, scales = quantised(weight)
        self._values = values.t()
        self._scales = scales[:, 0]
        self._turn = turn

    def __call__(self, x: Tensor) -> Tensor:
        """[rows, in] to [rows, out], float32."""
        if self._turn is not None:
            x = (x.view(-1, len(self._turn)) @ self._turn).view_as(x)
        values, scales = quantised(x)
        return torch._int_mm(values, self._values).float().mul_(scales).mul_(self._scales)


def quantised(x: Tensor) -> tuple[Tensor, Tensor]:
    """[rows, n] as integers from -127 to 127 [rows, n] and a scale a row [rows, 1]."""
    scales = (x.abs().amax(-1, keepdim=True) / LARGEST).clamp_(min=torch.finfo(torch.float32).tiny)
    return (x / scales).round_().to(torch.int8), scales
