"""llama.cpp on a GGUF file: python -m benchmarks.text.peers.llamacpp FILE, where it is installed.

Its server's way: a sequence for each request, and every step one batch of the next token of each answer
and of as many prompt tokens as there is room for.
"""

import os
import sys
from dataclasses import dataclass
from typing import Any

import llama_cpp as llama
import numpy as np
from numpy.typing import NDArray

from benchmarks.text.peers.child import Arrivals, serve
from benchmarks.text.work import Asked, Times

MOST_REQUESTS = 64
CELLS = 16 * 4096
ROWS_A_STEP = 512


@dataclass(slots=True)
class Sequence:
    """A request: its tokens so far, and how many of them the cache holds."""

    ids: list[int]
    left: int
    cached: int = 0


class LlamaCpp:
    """A context of many sequences on every core."""

    def __init__(self, file: str) -> None:
        llama.llama_backend_init()
        self._model = llama.llama_model_load_from_file(file.encode(), llama.llama_model_default_params())
        self._vocabulary = llama.llama_vocab_n_tokens(llama.llama_model_get_vocab(self._model))
        self._context = llama.llama_init_from_model(self._model, _parameters())
        self._batch = llama.llama_batch_init(ROWS_A_STEP, 0, 1)

    def round(self, asked: list[Asked]) -> Times:
        """Adds requests as they come and steps until all have their tokens."""
        arrivals, running = Arrivals(asked), dict[int, Sequence]()
        self._forget(-1)
        while arrivals.expected or running:
            for index in arrivals.take():
                running[index] = Sequence(list(asked[index].ids), asked[index].new_tokens)
            if not running:
                arrivals.wait()
                continue
            written, now = self._step(running), arrivals.now
            for index in written:
                arrivals.times[index].append(now)
                if running[index].left == 0:
                    del running[index]
                    self._forget(index)
        return arrivals.times

    def logits(self, ids: list[int], first: int) -> NDArray[np.float32]:
        """Scores of the tokens after those from `first` on: [rows, vocabulary]."""
        self._forget(-1)
        self._batch.n_tokens = 0
        for position, token in enumerate(ids):
            self._add(token, position, 0, wanted=position >= first)
        self._decode()
        return np.stack([self._scores(row).copy() for row in range(first, len(ids))])

    def _step(self, running: dict[int, Sequence]) -> list[int]:
        """Packs and computes one batch; returns whose token it brought. Answers go before prompts."""
        self._batch.n_tokens = 0
        rows = {}
        for index, one in sorted(running.items(), key=lambda item: len(item[1].ids) - item[1].cached > 1):
            new = one.ids[one.cached :][: ROWS_A_STEP - self._batch.n_tokens]
            for token in new:
                last = one.cached == len(one.ids) - 1
                self._add(token, one.cached, index, wanted=last)
                one.cached += 1
                if last:
                    rows[index] = self._batch.n_tokens - 1
        self._decode()
        for index, row in rows.items():
            running[index].ids.append(int(self._scores(row).argmax()))
            running[index].left -= 1
        return list(rows)

    def _add(self, token: int, position: int, sequence: int, *, wanted: bool) -> None:
        batch, row = self._batch, self._batch.n_tokens
        batch.token[row], batch.pos[row], batch.n_seq_id[row] = token, position, 1
        batch.seq_id[row][0], batch.logits[row] = sequence, wanted
        batch.n_tokens += 1

    def _decode(self) -> None:
        if status := llama.llama_decode(self._context, self._batch):
            raise RuntimeError(f"llama_decode: {status}")

    def _scores(self, row: int) -> NDArray[np.float32]:
        found = llama.llama_get_logits_ith(self._context, row)
        return np.ctypeslib.as_array(found, shape=(self._vocabulary,))

    def _forget(self, sequence: int) -> None:
        llama.llama_memory_seq_rm(llama.llama_get_memory(self._context), sequence, -1, -1)


def _parameters() -> Any:  # noqa: ANN401 - no types where this project is checked
    parameters = llama.llama_context_default_params()
    parameters.n_ctx, parameters.n_seq_max, parameters.kv_unified = CELLS, MOST_REQUESTS, True
    parameters.n_batch = ROWS_A_STEP
    parameters.n_threads = parameters.n_threads_batch = os.cpu_count() or 1
    return parameters


def main() -> None:
    """Reads the command line and serves."""
    serve(lambda: LlamaCpp(sys.argv[1]))


if __name__ == "__main__":
    main()
