"""Brings small tables of numbers to where a model computes, without waiting for it."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Numbers = Sequence[int] | Sequence[Sequence[int]] | Sequence[float] | Sequence[Sequence[float]]


def pinned(array: NDArray[np.int64], device: torch.device) -> Tensor:
    """The array as a tensor on the host, from where `device` can fetch it while the host goes on."""
    tensor = torch.from_numpy(array)
    return tensor.pin_memory() if device.type == "cuda" else tensor


def to_device(numbers: Numbers, device: torch.device, dtype: torch.dtype = torch.int64) -> Tensor:
    """The numbers on `device`. Only a copy from pinned memory does not wait for all that runs there.

    torch gives that memory to nobody else before the copy is done.
    """
    tensor = torch.tensor(numbers, dtype=dtype, pin_memory=device.type == "cuda")
    return tensor.to(device, non_blocking=True)
