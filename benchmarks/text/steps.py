"""How long a step of the text engine takes on a CPU, by its answers and by the context of each.

    .venv/bin/python -m benchmarks.text.steps models/smollm2-135m-instruct int8

Prints a list of [answers, context, prompt, seconds] in JSON.
"""

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from pathlib import Path

import torch

from benchmarks.text.peers.engine import spec_of
from service.pipelines.text.batch import Batch
from service.pipelines.text.kv_cache import PAGE
from service.pipelines.text.loading import cache_for, load_model

ANSWERS = (1, 2, 4, 8, 16, 32, 64)
CONTEXTS = (64, 512, 1024, 2048, 3776)
MOST_LONG = 16  # answers beyond the first context, so that the cache stays small
PROMPT = 256
ROUNDS = 7
REPEATS = 5


@dataclass(frozen=True, slots=True)
class Step:
    """The median seconds of a pass: a token for so many answers of `context` tokens each, or a prompt."""

    answers: int
    context: int
    prompt: int
    seconds: float


async def steps(folder: Path, dtype: str) -> list[Step]:
    """Measured in a process of their own. Raises RuntimeError if that fails."""
    command = [sys.executable, "-m", __name__, str(folder), dtype]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    answer, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    return [Step(*row) for row in json.loads(answer)]


def measure(folder: Path, dtype: str) -> list[Step]:
    """All kinds of steps in turn in each round; the first round does not count."""
    sizes = list(_sizes())
    longest = max(answers * -(-context // PAGE) for answers, context, _ in sizes)
    model = load_model(spec_of(folder, dtype, max(ANSWERS), max(CONTEXTS), 0))
    if model.exact:
        torch.set_num_threads(1)  # as the engine does
    cache = cache_for(model, max(longest, -(-PROMPT // PAGE)))
    for part in (cache.keys, cache.values):
        part.fill_(0.5)  # memory that was never written would be read from one page of zeros
    batches = [
        _prompt(prompt) if prompt else _answers(answers, context) for answers, context, prompt in sizes
    ]
    taken: list[list[float]] = [[] for _ in sizes]
    with torch.inference_mode():
        for turn in range(ROUNDS + 1):
            for seconds, batch in zip(taken, batches, strict=True):
                for _ in range(REPEATS):
                    began = time.perf_counter()
                    model.logits(batch, cache).argmax(-1).tolist()
                    if turn:
                        seconds.append(time.perf_counter() - began)
    return [Step(*size, statistics.median(seconds)) for size, seconds in zip(sizes, taken, strict=True)]


def _sizes() -> Iterator[tuple[int, int, int]]:
    """Answers, the context of each, and the tokens of a prompt."""
    for context in CONTEXTS:
        for answers in ANSWERS:
            if answers <= MOST_LONG or context == CONTEXTS[0]:
                yield answers, context, 0
    yield 0, 0, PROMPT


def _answers(count: int, context: int) -> Batch:
    batch, pages = Batch(answers=count), -(-context // PAGE)
    for index in range(count):
        batch.add(range(index * pages, (index + 1) * pages), [index + 1], context - 1)
        batch.sample()
    return batch


def _prompt(tokens: int) -> Batch:
    batch = Batch()
    batch.add(range(-(-tokens // PAGE)), range(1, tokens + 1), 0)
    batch.sample()
    return batch


if __name__ == "__main__":
    print(json.dumps([astuple(step) for step in measure(Path(sys.argv[1]), sys.argv[2])]))
