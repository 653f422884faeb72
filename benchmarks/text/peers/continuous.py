"""transformers' continuous batching: python -m benchmarks.text.peers.continuous DIR [DEVICE]."""

import sys
from typing import Any

from transformers import ContinuousBatchingConfig, GenerationConfig

from benchmarks.text.peers.child import Arrivals, serve
from benchmarks.text.peers.stock import load_stock
from benchmarks.text.work import Asked, Times

NO_TOKEN = -1
PAGE = 64
PAGES = 512  # of 64 tokens: room for 64 requests of 512 tokens each
TOKENS_A_STEP = 256
POLL_S = 0.05


class Continuous:
    """Its manager, whose thread sleeps between rounds."""

    def __init__(self, folder: str, device: str = "cpu") -> None:
        model: Any = load_stock(folder, device)
        greedy = GenerationConfig(do_sample=False, eos_token_id=NO_TOKEN, pad_token_id=0)  # type: ignore[no-untyped-call]
        self._manager = model.init_continuous_batching(
            generation_config=greedy,
            continuous_batching_config=ContinuousBatchingConfig(
                page_size=PAGE, num_blocks=PAGES, max_batch_tokens=TOKENS_A_STEP, allow_block_sharing=False
            ),
        )
        self._manager.start()

    def round(self, asked: list[Asked]) -> Times:
        """Adds requests as they come and notes when their tokens arrive."""
        arrivals, left = Arrivals(asked), len(asked)
        while left:
            for index in arrivals.take():
                self._add(index, asked[index])
            output = self._manager.get_result(timeout=POLL_S)
            if output is not None:
                _note(output, arrivals)
                left -= output.is_finished()
            elif not self._manager.is_running():
                raise RuntimeError("the manager has stopped")
        return arrivals.times

    def _add(self, index: int, one: Asked) -> None:
        self._manager.add_request(
            list(one.ids), request_id=str(index), max_new_tokens=one.new_tokens, streaming=True
        )


def _note(output: Any, arrivals: Arrivals) -> None:  # noqa: ANN401 - transformers does not export its type
    if output.error:
        raise RuntimeError(output.error)
    times = arrivals.times[int(output.request_id)]
    times += [arrivals.now] * (len(output.generated_tokens) - len(times))


def main() -> None:
    """Reads the command line and serves."""
    serve(lambda: Continuous(*sys.argv[1:]))


if __name__ == "__main__":
    main()
