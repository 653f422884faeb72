"""Attention over pages, in torch.

One packed forward pass holds a row for each answer under way and blocks of some prompts. Answers attend
together, over their pages gathered side by side; each block of a prompt attends by itself. torch's own
attention over page tables (torch.nn.attention.varlen) wants pages of 256 tokens on its built-in kernels, and
goes wrong where it splits long rows (https://github.com/pytorch/pytorch/issues/194167).
"""

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from service.pipelines.text.answers import AnswersAttention, attended, seen
from service.pipelines.text.batch import Batch, Part
from service.pipelines.text.kv_cache import PAGE, KVCache, KVShape
from service.pipelines.text.staging import to_device


class Attention(Protocol):
    """What a layer asks of the cache."""

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor, scale: float) -> Tensor:
        """Stores the rows' keys and values and returns each row's attention.

        query: [rows, heads, head_dim]; key, value: [rows, kv_heads, head_dim]. Returns the query's shape.
        """


class PagedAttention:
    """What every layer of one forward pass needs: the cache, the rows' places and the masks.

    Within a page, keys and values are [PAGE, kv_heads, head_dim]. `window` is the model's sliding window in
    tokens, None if it has none.
    """

    def __init__(
        self, cache: KVCache, shape: KVShape, batch: Batch, window: int | None, device: torch.device
    ) -> None:
        self._keys, self._values = cache.by_layer(shape)
        self._rows = batch.answers
        if batch.answers:
            answers = batch.parts[: batch.answers]
            positions = to_device(batch.positions[: batch.answers], device)
            tables = to_device(_tables(answers, batch.width), device)
            self._answers = AnswersAttention(cache, shape, positions, tables, window)
        prompts = batch.parts[batch.answers :]
        self._blocks = [(part, *_block(part, window, device)) for part in prompts]
        if prompts:
            self._pages, self._offsets = to_device(_places(prompts), device)

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor, scale: float) -> Tensor:
        """As Attention says."""
        rows, found = self._rows, []
        if rows:
            found.append(self._answers.attend(layer, query[:rows], key[:rows], value[:rows], scale))
        if self._blocks:
            keys, values = self._keys[:, layer], self._values[:, layer]
            keys[self._pages, self._offsets] = key[rows:]
            values[self._pages, self._offsets] = value[rows:]
        for part, tables, mask in self._blocks:
            block = query[None, part.first : part.last]
            found.append(attended(block, keys[tables], values[tables], mask, scale)[0])
        return found[0] if len(found) == 1 else torch.cat(found)


def _block(part: Part, window: int | None, device: torch.device) -> tuple[Tensor, Tensor]:
    """The pages of a block [1, pages] and what its rows see [1, 1, rows, tokens]."""
    tables = to_device(_tables([part], 0), device)
    rows = torch.arange(part.start, part.end, device=device)
    return tables, seen(rows[None], tables.shape[1], window)


def _tables(parts: Sequence[Part], width: int) -> list[list[int]]:
    """The live pages of each part, `width` or more, filled up to the same number with any page."""
    pages = max(width, *(part.pages for part in parts))
    tables = [part.table[: part.pages] for part in parts]
    return [[*table, *[0] * (pages - len(table))] for table in tables]


def _places(parts: Sequence[Part]) -> list[list[int]]:
    """Where the rows' keys and values go: pages, and offsets in these."""
    places = [(part.table[at // PAGE], at % PAGE) for part in parts for at in range(part.start, part.end)]
    return [list(column) for column in zip(*places, strict=True)]
