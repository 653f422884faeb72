"""OpenVINO GenAI on a GGUF file: python -m benchmarks.text.peers.openvino FILE, where it is installed."""

import sys
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import openvino_genai
from numpy.typing import NDArray

from benchmarks.text.peers.child import Arrivals, serve
from benchmarks.text.work import Asked, Times

CACHE_GIB = 2


class OpenVino:
    """Its continuous batching with its defaults, but for the size of the cache."""

    def __init__(self, file: Path) -> None:
        scheduling = openvino_genai.SchedulerConfig()
        scheduling.cache_size = CACHE_GIB
        settings = {"enable_save_ov_model": True}  # beside the file: `logits` needs it
        self._folder = file.parent
        self._pipeline = openvino_genai.ContinuousBatchingPipeline(str(file), scheduling, "CPU", settings)

    def round(self, asked: list[Asked]) -> Times:
        """Adds requests as they come and steps until all have their tokens."""
        arrivals, handles = Arrivals(asked), dict[int, Any]()
        while arrivals.expected or self._pipeline.has_non_finished_requests():
            for index in arrivals.take():
                handles[index] = self._pipeline.add_request(
                    index, _ids(asked[index].ids), _greedy(asked[index])
                )
            if not self._pipeline.has_non_finished_requests():
                arrivals.wait()
                continue
            self._pipeline.step()
            now = arrivals.now
            for index, handle in handles.items():
                while handle.can_read():
                    tokens = sum(len(output.generated_ids) for output in handle.read().values())
                    arrivals.times[index] += [now] * tokens
        return arrivals.times

    def logits(self, ids: list[int], first: int) -> NDArray[np.float32]:
        """Scores of the tokens after those from `first` on: [rows, vocabulary]."""
        rows = len(ids)
        inputs = {
            "input_ids": np.array([ids]),
            "attention_mask": np.ones((1, rows), np.int64),
            "position_ids": np.arange(rows)[None],
            "beam_idx": np.zeros(1, np.int32),
        }
        self._compiled.reset_state()
        return np.asarray(self._compiled.infer(inputs)["logits"][0, first:])

    @cached_property
    def _compiled(self) -> Any:  # noqa: ANN401 - no types where this project is checked
        """The model that was made of the file, compiled with the same settings, which are the defaults."""
        model = openvino.Core().compile_model(self._folder / "openvino_model.xml", "CPU")
        return model.create_infer_request()


def _ids(ids: tuple[int, ...]) -> Any:  # noqa: ANN401
    return openvino.Tensor(np.array([ids]))


def _greedy(asked: Asked) -> Any:  # noqa: ANN401
    config = openvino_genai.GenerationConfig()
    config.max_new_tokens = asked.new_tokens
    config.ignore_eos = True
    config.do_sample = False
    return config


def main() -> None:
    """Reads the command line and serves."""
    serve(lambda: OpenVino(Path(sys.argv[1])))


if __name__ == "__main__":
    main()
