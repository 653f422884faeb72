"""Gives every pass one fixed shape, so that a request's numbers do not depend on who shares its passes.

The last digits of a matrix product change with its shape, on a GPU more than on a CPU. What is added to fill
a pass up writes to the cache's spare page, and its results are left out.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from service.pipelines.text.batch import Batch, Part
from service.pipelines.text.kv_cache import PAGE, KVCache
from service.pipelines.text.model import TextModel


class Invariant:
    """A text model in passes of `answers` answers of `pages` pages each and of `rows` rows of prompts.

    Prompts never share a pass with answers. `answers` is also how many prompts may end in a pass.
    """

    exact = False

    def __init__(self, model: TextModel, answers: int, pages: int, rows: int) -> None:
        self.shape, self.device, self.dtype = model.shape, model.device, model.dtype
        self._model = model
        self._answers, self._pages, self._rows = answers, pages, rows

    def logits(self, batch: Batch, cache: KVCache) -> Tensor:
        """As TextModel says. A pass may overwrite what the one before gave, so answers' are copied."""
        found = []
        if batch.answers:
            answers = self._full_answers(batch, cache.scratch)
            found.append(self._model.logits(answers, cache)[: batch.answers].clone())
        if batch.answers < len(batch.parts):
            prompts = self._full_prompts(batch, cache.scratch)
            ended = len(batch.sampled_rows) - batch.answers
            found.append(self._model.logits(prompts, cache)[:ended])
        return torch.cat(found)

    def _full_answers(self, batch: Batch, scratch: int) -> Batch:
        count = batch.answers
        full = Batch(batch.token_ids[:count], batch.positions[:count], batch.parts[:count])
        for _ in range(self._answers - count):
            full.add([scratch], [0], 0)
        full.answers = self._answers
        full.sampled_rows = list(range(self._answers))
        full.width = self._pages
        return full

    def _full_prompts(self, batch: Batch, scratch: int) -> Batch:
        count = batch.answers
        full = Batch(batch.token_ids[count:], batch.positions[count:], list(_moved(batch, count)))
        while (missing := self._rows - len(full.token_ids)) > 0:
            full.add([scratch], [0] * min(PAGE, missing), 0)
        full.sampled_rows = [row - count for row in batch.sampled_rows[count:]]
        if full.sampled_rows:
            full.sampled_rows += [0] * (self._answers - len(full.sampled_rows))
        return full


def _moved(batch: Batch, count: int) -> Iterator[Part]:
    """The prompts' parts, as if the answers' rows were not there."""
    for part in batch.parts[count:]:
        yield Part(part.table, part.first - count, part.last - count, part.start)
