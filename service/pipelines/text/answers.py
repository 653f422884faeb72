"""Attention of answers' rows, one token each, over their pages.

Everything is computed on the device from positions and page tables, so that a pass of answers is a pure
function of these, which a CUDA graph can replay.
"""

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from service.pipelines.text.kv_cache import PAGE, KVCache, KVShape


class AnswersAttention:
    """What every layer needs: `positions` [rows] and `tables` [rows, pages], int64 on the cache's device.

    `window` is the model's sliding window in tokens, None if it has none.
    """

    def __init__(
        self, cache: KVCache, shape: KVShape, positions: Tensor, tables: Tensor, window: int | None
    ) -> None:
        self._keys, self._values = cache.by_layer(shape)
        self._tables = tables
        self._pages = tables.gather(1, positions[:, None] // PAGE)[:, 0]
        self._offsets = positions % PAGE
        self._mask = seen(positions[:, None], tables.shape[1], window)

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor, scale: float) -> Tensor:
        """Stores the rows' keys and values and returns each row's attention.

        query: [rows, heads, head_dim]; key, value: [rows, kv_heads, head_dim]. Returns the query's shape.
        """
        keys, values = self._keys[:, layer], self._values[:, layer]
        keys[self._pages, self._offsets] = key
        values[self._pages, self._offsets] = value
        return attended(query[:, None], keys[self._tables], values[self._tables], self._mask, scale)[:, 0]


def seen(positions: Tensor, pages: int, window: int | None) -> Tensor:
    """Which tokens of their pages rows at `positions` [n, rows] see: bool [n, 1, rows, pages * PAGE]."""
    columns = torch.arange(pages * PAGE, device=positions.device)
    visible = columns <= positions[..., None]
    if window is not None:
        visible &= columns > positions[..., None] - window
    return visible[:, None]


def attended(query: Tensor, keys: Tensor, values: Tensor, mask: Tensor, scale: float) -> Tensor:
    """query [n, rows, heads, head_dim]; keys, values [n, pages, PAGE, kv_heads, head_dim]; mask as `seen`."""
    keys, values = keys.flatten(1, 2).transpose(1, 2), values.flatten(1, 2).transpose(1, 2)
    if query.shape[1] == 1 or query.is_cuda:
        return grouped(query, keys, values, mask, scale)
    found = scaled_dot_product_attention(
        query.transpose(1, 2), keys, values, attn_mask=mask, scale=scale, enable_gqa=True
    )
    return found.transpose(1, 2)


def grouped(query: Tensor, keys: Tensor, values: Tensor, mask: Tensor, scale: float) -> Tensor:
    """Grouped queries become rows of their key head, so keys and values are not repeated.

    keys, values [n, kv_heads, tokens, head_dim]. On a GPU no kernel that reads masks in pieces takes groups.
    """
    count, rows, heads, head_dim = query.shape
    kv_heads = keys.shape[1]
    group = heads // kv_heads
    stacked = query.reshape(count, rows, kv_heads, group, head_dim).permute(0, 2, 3, 1, 4)
    stacked = stacked.reshape(count, kv_heads, group * rows, head_dim)
    mask = mask if rows == 1 else mask.repeat(1, 1, group, 1)
    found = scaled_dot_product_attention(stacked, keys, values, attn_mask=mask, scale=scale)
    by_row = found.view(count, kv_heads, group, rows, head_dim).permute(0, 3, 1, 2, 4)
    return by_row.reshape(count, rows, heads, head_dim)
