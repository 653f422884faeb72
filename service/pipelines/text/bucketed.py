"""Gives passes of answers few shapes: rows and pages are rounded up, and what is added is nobody's."""

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from service.pipelines.text.batch import Batch
from service.pipelines.text.graphs import Decode
from service.pipelines.text.kv_cache import KVCache
from service.pipelines.text.model import TextModel
from service.pipelines.text.staging import pinned

ROWS = (1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256)
FEWEST_PAGES = 4


class Bucketed:
    """A text model whose passes of answers alone are computed by `decode`; all others are the model's own.

    `decode` gets rows on the host, pinned where the model is on a GPU. The cache needs its spare page.
    """

    exact = False

    def __init__(self, model: TextModel, decode: Decode) -> None:
        self.shape, self.device, self.dtype = model.shape, model.device, model.dtype
        self._model = model
        self._decode = decode

    def logits(self, batch: Batch, cache: KVCache) -> Tensor:
        """As TextModel says; on a GPU they hold until the next pass only."""
        if batch.answers < len(batch.token_ids):
            return self._model.logits(batch, cache)
        rows = answer_rows(batch, cache.scratch)
        return self._decode(pinned(rows, self.device), cache)[: batch.answers]


def answer_rows(batch: Batch, scratch: int) -> NDArray[np.int64]:
    """Of a batch of answers, each row's token, its position and its pages: [rows, 2 + pages].

    Rows that are added write to the page `scratch`, and it stands where a table has ended.
    """
    pages = pages_bucket(max(batch.width, *(part.pages for part in batch.parts)))
    rows = np.full((rows_bucket(batch.answers), 2 + pages), scratch, np.int64)
    rows[:, :2] = 0
    rows[: batch.answers, 0] = batch.token_ids
    rows[: batch.answers, 1] = batch.positions
    for row, part in zip(rows, batch.parts, strict=False):
        row[2 : 2 + part.pages] = part.table[: part.pages]
    return rows


def rows_bucket(rows: int) -> int:
    """The next number of rows that passes come in."""
    return next((size for size in ROWS if size >= rows), rows)


def pages_bucket(pages: int) -> int:
    """The next power of two: the number of graphs stays small, and at most half of what is read is idle."""
    return max(FEWEST_PAGES, 1 << (pages - 1).bit_length())
