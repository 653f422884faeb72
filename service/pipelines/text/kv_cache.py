"""Keys and values of every token that is remembered, in pages."""

import mmap
from dataclasses import dataclass

import torch
from torch import Tensor

PAGE = 64  # tokens


@dataclass(frozen=True, slots=True)
class KVShape:
    """The dimensions of what one token leaves behind."""

    layers: int
    kv_heads: int
    head_dim: int

    def page_bytes(self, dtype: torch.dtype) -> int:
        """What a page takes, its keys and its values."""
        return 2 * self.layers * PAGE * self.kv_heads * self.head_dim * dtype.itemsize


class KVCache:
    """`keys` and `values`: [pages, layers, PAGE * kv_heads * head_dim].

    How a page is laid out within is the business of what attends to it. With `spare`, there is one page
    more, `scratch`, which is nobody's: rows that only fill up a pass write there.
    """

    def __init__(
        self, shape: KVShape, pages: int, dtype: torch.dtype, device: torch.device, spare: bool = False
    ) -> None:
        self.pages = self.scratch = pages
        sizes = (pages + spare, shape.layers, PAGE * shape.kv_heads * shape.head_dim)
        self.keys, self.values = (_zeros(sizes, dtype, device) for _ in range(2))

    def by_layer(self, shape: KVShape) -> tuple[Tensor, Tensor]:
        """Keys and values, laid out in order: [pages, layers, PAGE, kv_heads, head_dim]."""
        sizes = (-1, shape.layers, PAGE, shape.kv_heads, shape.head_dim)
        return self.keys.view(sizes), self.values.view(sizes)


def _zeros(sizes: tuple[int, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    if device.type != "cpu":
        return torch.zeros(sizes, dtype=dtype, device=device)
    # Memory of the system's own: zeros that it hands out when they are first written, so a laptop pays for
    # what was ever in use, not for the whole budget; in huge pages, as attention jumps about.
    # They must be zeros: attention multiplies what it masks by 0, and 0 times garbage may be NaN.
    count = torch.Size(sizes).numel()
    memory = mmap.mmap(-1, count * dtype.itemsize, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.madvise(mmap.MADV_HUGEPAGE)
    return torch.frombuffer(memory, dtype=dtype).view(sizes)
