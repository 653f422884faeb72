"""transformers' generate: python -m benchmarks.text.peers.stock serial|padded DIR [DEVICE].

One request after another, or all of a round padded to one batch.
"""

import sys
import time
from collections.abc import Callable
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import AutoModelForCausalLM, PreTrainedModel
from transformers.generation.streamers import BaseStreamer

from benchmarks.text.peers.child import serve
from benchmarks.text.work import Asked, Times


def load_stock(folder: str, device: str = "cpu") -> PreTrainedModel:
    """As its documentation says to, in float32 on a CPU; nothing ends a text before its last token."""
    dtype = torch.float32 if device == "cpu" else torch.bfloat16
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, device_map={"": device})
    model.generation_config.update(eos_token_id=None, pad_token_id=0, do_sample=False)  # type: ignore[no-untyped-call]
    return cast(PreTrainedModel, model)


class Stock:
    """The model behind `generate`."""

    def __init__(self, model: PreTrainedModel, *, padded: bool) -> None:
        self._model = model
        self._padded = padded

    def round(self, asked: list[Asked]) -> Times:
        """Padded, all run until the longest is complete; each counts only what it asked for."""
        began = time.perf_counter()
        groups = [asked] if self._padded else [[one] for one in asked]
        times: Times = []
        for group in groups:
            clock = _Clock(began)
            self._generate([list(one.ids) for one in group], max(one.new_tokens for one in group), clock)
            times += [clock.times[: one.new_tokens] for one in group]
        return times

    def greedy(self, ids: list[int], new_tokens: int) -> list[int]:
        """The token ids that follow."""
        return cast(list[int], self._generate([ids], new_tokens)[0, len(ids) :].tolist())

    def logits(self, ids: list[int], first: int) -> NDArray[np.float32]:
        """Scores of the tokens after those from `first` on: [rows, vocabulary]."""
        with torch.inference_mode():
            scores = self._model(torch.tensor([ids], device=self._model.device)).logits[0, first:]
        return np.asarray(scores.float().cpu().numpy())

    def _generate(self, prompts: list[list[int]], new_tokens: int, clock: "_Clock | None" = None) -> Tensor:
        longest = max(map(len, prompts))
        ids = torch.tensor([[0] * (longest - len(one)) + one for one in prompts], device=self._model.device)
        mask = torch.tensor([[0] * (longest - len(one)) + [1] * len(one) for one in prompts])
        generate = cast(Callable[..., Tensor], self._model.generate)
        return generate(ids, attention_mask=mask.to(ids.device), max_new_tokens=new_tokens, streamer=clock)


class _Clock(BaseStreamer):
    """When each step of `generate` was done; the prompt comes first and is not one."""

    def __init__(self, began: float) -> None:
        self._began = began
        self._prompt = True
        self.times: list[float] = []

    def put(self, value: Tensor) -> None:  # noqa: ARG002 - which token it was does not matter
        if not self._prompt:
            self.times.append(time.perf_counter() - self._began)
        self._prompt = False

    def end(self) -> None:
        """Nothing is left to do."""


def main() -> None:
    """Reads the command line and serves."""
    way, where = sys.argv[1], sys.argv[2:]
    serve(lambda: Stock(load_stock(*where), padded=way == "padded"))


if __name__ == "__main__":
    main()
