"""Attention over slots.

One packed forward pass holds a row for each answer under way and the rows of some prompts. Answers
attend together, over the slots as they lie in the cache; each prompt attends by itself.
"""

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from service.pipelines.text.batch import Batch, PromptPart
from service.pipelines.text.kv_cache import KVCache

LENGTH_BUCKET = 64


class SlotAttention:
    """What every layer of one forward pass needs: the cache, the rows' places and the masks.

    `window` is the model's sliding window in tokens, None if it has none.
    """

    def __init__(self, cache: KVCache, batch: Batch, window: int | None, device: torch.device) -> None:
        self.cache = cache
        self.slots, self.positions = torch.tensor([batch.slots, batch.positions], device=device)
        self._window = window
        self._parts = batch.prompt_parts
        self._part_masks = [self._part_mask(part, device) for part in batch.prompt_parts]
        self._answers = batch.answers
        if batch.answers:
            self._prepare_answers(batch, device)

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor, scale: float) -> Tensor:
        """Stores the rows' keys and values and returns each row's attention.

        query: [rows, heads, head_dim]; key, value: [rows, kv_heads, head_dim]. Returns the
        query's shape.
        """
        keys, values = self.cache.keys[layer], self.cache.values[layer]
        keys[self.slots, :, self.positions] = key
        values[self.slots, :, self.positions] = value
        parts = [self._attend_answers(query, keys, values, scale)] if self._answers else []
        for part, mask in zip(self._parts, self._part_masks, strict=True):
            parts.append(_attend_prompt(query[part.first : part.last], part, mask, keys, values, scale))
        return torch.cat(parts)

    def _prepare_answers(self, batch: Batch, device: torch.device) -> None:
        """Answers' slots are a prefix of the cache, save for prompts in between, whose rows go unused."""
        used = max(batch.slots[: batch.answers]) + 1
        length = max(batch.positions[: batch.answers]) + 1
        self._used = used
        self._length = min(-(-length // LENGTH_BUCKET) * LENGTH_BUCKET, self.cache.shape.context)
        self._answer_slots = self.slots[: batch.answers]
        ends = torch.zeros(used, dtype=torch.long, device=device)
        ends[self._answer_slots] = self.positions[: batch.answers]
        visible = self._visible(ends[:, None], torch.arange(self._length, device=device))
        self._answer_mask = visible[:, None, None, :]

    def _attend_answers(self, query: Tensor, keys: Tensor, values: Tensor, scale: float) -> Tensor:
        heads, head_dim = query.shape[1:]
        kv_heads = keys.shape[1]
        by_slot = query.new_zeros(self._used, heads, head_dim)
        by_slot[self._answer_slots] = query[: self._answers]
        # Grouped queries become rows of their key head, so keys and values are not repeated.
        grouped = by_slot.view(self._used, kv_heads, heads // kv_heads, head_dim)
        live = (slice(self._used), slice(None), slice(self._length))
        attended = scaled_dot_product_attention(
            grouped, keys[live], values[live], attn_mask=self._answer_mask, scale=scale
        )
        return attended.reshape(self._used, heads, head_dim)[self._answer_slots]

    def _part_mask(self, part: PromptPart, device: torch.device) -> Tensor:
        rows = torch.arange(part.start, part.end, device=device)
        return self._visible(rows[:, None], torch.arange(part.end, device=device))

    def _visible(self, rows: Tensor, columns: Tensor) -> Tensor:
        visible = columns <= rows
        return visible if self._window is None else visible & (columns > rows - self._window)


def _attend_prompt(
    query: Tensor, part: PromptPart, mask: Tensor, keys: Tensor, values: Tensor, scale: float
) -> Tensor:
    attended = scaled_dot_product_attention(
        query.transpose(0, 1)[None],
        keys[part.slot, :, : part.end][None],
        values[part.slot, :, : part.end][None],
        attn_mask=mask,
        scale=scale,
        enable_gqa=True,
    )
    return attended[0].transpose(0, 1)
