"""Keys and values of every running request, one slot each."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class KVShape:
    """The dimensions of a cache."""

    layers: int
    slots: int
    kv_heads: int
    context: int
    head_dim: int


class KVCache:
    """`keys` and `values`: [layers, slots, kv_heads, context, head_dim]."""

    def __init__(self, shape: KVShape, dtype: torch.dtype, device: torch.device) -> None:
        self.shape = shape
        self.keys = _zeros(shape, dtype, device)
        self.values = _zeros(shape, dtype, device)

    def move(self, source: int, target: int, tokens: int) -> None:
        """Copies the first tokens of one slot to another."""
        for cache in (self.keys, self.values):
            cache[:, target, :, :tokens] = cache[:, source, :, :tokens]


def _zeros(shape: KVShape, dtype: torch.dtype, device: torch.device) -> Tensor:
    sizes = (shape.layers, shape.slots, shape.kv_heads, shape.context, shape.head_dim)
    if device.type != "cpu":
        return torch.zeros(sizes, dtype=dtype, device=device)
    # numpy's zeros are pages that the system hands out when they are first written, so a laptop
    # pays for the tokens in use, not for every slot at full length. They must be zeros: attention
    # multiplies what it masks by 0, and 0 times garbage may be NaN.
    count = torch.Size(sizes).numel()
    return torch.from_numpy(np.zeros(count * dtype.itemsize, np.uint8)).view(dtype).view(sizes)
