"""The scores that the text engine's model gives to the whole vocabulary: all that knows its inside."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from service.engine.messages import EngineSpec
from service.pipelines.text.attention import SlotAttention
from service.pipelines.text.batch import Batch, PromptPart
from service.pipelines.text.loading import cache_for, load_model

CONTEXT = 1024


def logits_of(spec: EngineSpec) -> Callable[[list[int], int], NDArray[np.float32]]:
    """From token ids and a first row to the scores behind each from it on: [rows, vocabulary]."""
    model = load_model(spec)

    def logits(ids: list[int], first: int) -> NDArray[np.float32]:
        rows = len(ids)
        batch = Batch(ids, list(range(rows)), [0] * rows, prompt_parts=[PromptPart(0, 0, rows, 0)])
        attention = SlotAttention(cache_for(model, 1, CONTEXT), batch, model.shape.window, model.device)
        with torch.inference_mode():
            hidden = model.hidden(ids, batch.positions, attention)
            return np.asarray(model.logits(hidden[first:]).float().cpu().numpy())

    return logits
