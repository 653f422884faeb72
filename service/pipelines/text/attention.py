"""Attention over pages, in torch.

One packed forward pass holds a row for each answer under way and blocks of some prompts. Answers attend
together, over their pages gathered side by side; each block of a prompt attends by itself.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from service.pipelines.text.batch import Batch, Part
from service.pipelines.text.kv_cache import PAGE, KVCache, KVShape


class PagedAttention:
    """What every layer of one forward pass needs: the cache, the rows' places and the masks.

    Within a page, keys and values are [PAGE, kv_heads, head_dim]. `window` is the model's sliding window in
    tokens, None if it has none.
    """

    def __init__(
        self, cache: KVCache, shape: KVShape, batch: Batch, window: int | None, device: torch.device
    ) -> None:
        sizes = (cache.pages, shape.layers, PAGE, shape.kv_heads, shape.head_dim)
        self._keys, self._values = cache.keys.view(sizes), cache.values.view(sizes)
        self._window = window
        self._device = device
        self._answers = batch.answers
        self._pages, self._offsets = torch.tensor(
            [
                [part.table[at // PAGE] for part in batch.parts for at in range(part.start, part.end)],
                [at % PAGE for at in batch.positions],
            ],
            device=device,
        )
        self._blocks = [(part, *self._seen([part])) for part in batch.parts[batch.answers :]]
        if batch.answers:
            self._tables, self._mask = self._seen(batch.parts[: batch.answers])

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor, scale: float) -> Tensor:
        """Stores the rows' keys and values and returns each row's attention.

        query: [rows, heads, head_dim]; key, value: [rows, kv_heads, head_dim]. Returns the
        query's shape.
        """
        keys, values = self._keys[:, layer], self._values[:, layer]
        keys[self._pages, self._offsets] = key
        values[self._pages, self._offsets] = value
        parts = []
        if self._answers:
            rows = query[: self._answers, None]
            parts.append(_attend(rows, keys[self._tables], values[self._tables], self._mask, scale)[:, 0])
        for part, tables, mask in self._blocks:
            rows = query[None, part.first : part.last]
            parts.append(_attend(rows, keys[tables], values[tables], mask, scale)[0])
        return torch.cat(parts)

    def _seen(self, parts: Sequence[Part]) -> tuple[Tensor, Tensor]:
        """The pages of parts of equal length [parts, pages]; what their rows see [parts, 1, rows, tokens]."""
        pages = -(-max(part.end for part in parts) // PAGE)
        tables = [[*part.table[:pages], *[0] * (pages - len(part.table))] for part in parts]
        rows = torch.tensor([list(range(part.start, part.end)) for part in parts], device=self._device)
        columns = torch.arange(pages * PAGE, device=self._device)
        visible = columns <= rows[..., None]
        if self._window is not None:
            visible &= columns > rows[..., None] - self._window
        return torch.tensor(tables, device=self._device), visible[:, None]


def _attend(query: Tensor, keys: Tensor, values: Tensor, mask: Tensor, scale: float) -> Tensor:
    """query [n, rows, heads, head_dim]; keys, values [n, pages, PAGE, kv_heads, head_dim]."""
    keys, values = keys.flatten(1, 2).transpose(1, 2), values.flatten(1, 2).transpose(1, 2)
    count, rows, heads, head_dim = query.shape
    if rows == 1:
        # Grouped queries become rows of their key head, so keys and values are not repeated.
        grouped = query.view(count, keys.shape[1], -1, head_dim)
        attended = scaled_dot_product_attention(grouped, keys, values, attn_mask=mask, scale=scale)
        return attended.reshape(count, 1, heads, head_dim)
    attended = scaled_dot_product_attention(
        query.transpose(1, 2), keys, values, attn_mask=mask, scale=scale, enable_gqa=True
    )
    return attended.transpose(1, 2)
