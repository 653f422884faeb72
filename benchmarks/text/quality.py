"""How much a number type loses: the whole distribution of each next token against transformers' in float32.

Every engine reads the same texts: a prompt, and what transformers writes after it, greedily. Compared is
what it expects at each of the written places.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from benchmarks.text.contestants import Child

WRITTEN = 16


@dataclass(frozen=True, slots=True)
class Quality:
    """At each place: KL divergence from the reference, in nats, and whether the likeliest token is its."""

    contestant: str
    divergence: list[float]
    agrees: list[bool]


async def compare(
    reference: Child, others: Sequence[Child], prompts: Sequence[tuple[int, ...]]
) -> list[Quality]:
    """Raises RuntimeError if an engine cannot tell its scores."""
    found = {other.name: Quality(other.name, [], []) for other in others}
    with tempfile.TemporaryDirectory(prefix="quality-") as folder:
        path = Path(folder) / "logits.npy"
        for prompt in tqdm(prompts, desc="quality", unit="prompt", ncols=80):
            written = await reference.greedy(prompt, WRITTEN)
            ids, first = [*prompt, *written[:-1]], len(prompt) - 1
            exact = await reference.logits(ids, first, path)
            for other in others:
                _add(found[other.name], exact, await other.logits(ids, first, path))
    return list(found.values())


def _add(quality: Quality, exact: NDArray[np.float32], found: NDArray[np.float32]) -> None:
    quality.divergence.extend(divergence(exact, found).tolist())
    quality.agrees.extend((exact.argmax(-1) == found.argmax(-1)).tolist())


def divergence(exact: NDArray[np.float32], found: NDArray[np.float32]) -> NDArray[np.float64]:
    """KL divergence of each row of scores [rows, vocabulary] from the exact one, in nats: [rows]."""
    p, q = _log_softmax(exact), _log_softmax(found)
    return np.asarray((np.exp(p) * (p - q)).sum(-1))


def _log_softmax(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    shifted = scores.astype(np.float64) - scores.max(-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(-1, keepdims=True)))
