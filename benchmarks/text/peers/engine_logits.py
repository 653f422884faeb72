"""The scores that the text engine's model gives to the whole vocabulary: all that knows its inside."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from service.engine.messages import EngineSpec
from service.pipelines.text.batch import Batch
from service.pipelines.text.kv_cache import PAGE
from service.pipelines.text.loading import cache_for, load_model


def logits_of(spec: EngineSpec) -> Callable[[list[int], int], NDArray[np.float32]]:
    """From token ids and a first row to the scores behind each from it on: [rows, vocabulary]."""
    model = load_model(spec)

    def logits(ids: list[int], first: int) -> NDArray[np.float32]:
        pages = -(-len(ids) // PAGE)
        batch = Batch(sampled_rows=list(range(first, len(ids))))
        batch.add(range(pages), ids, 0)
        with torch.inference_mode():
            return np.asarray(model.logits(batch, cache_for(model, pages)).float().cpu().numpy())

    return logits
