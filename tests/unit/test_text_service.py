"""The way of text requests through the service, with tokens from a script in an engine's place."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from generation.v1 import generation_pb2 as pb
from service.engine.engine import Engine
from service.engine.events import Event, FinishReason, Token
from service.engine.messages import EngineSpec
from service.engine.params import TextParams
from service.metrics import Metrics
from service.text_service import Piece, TextService
from tests.unit.small_tokenizers import real_tokenizer

SPEC = EngineSpec(
    modality="text", model="tiny", folder=Path(), device="cpu", dtype="float32", threads=0, max_running=1
)
TEXT = "one two three four five"


@dataclass
class ScriptedEngine:
    """Gives back tokens, so many at a time."""

    script: Sequence[list[Event]]
    spec: EngineSpec = SPEC

    async def generate(self, params: TextParams, timeout_s: float) -> AsyncGenerator[list[Event], None]:
        for events in self.script:
            yield events


def tokens(text: str, finish_reason: FinishReason) -> list[Event]:
    *first, last = real_tokenizer().encode_text(text)
    return [*map(Token, first), Token(last, finish_reason)]


async def pieces(
    together: int, metrics: Metrics, *, text: str = TEXT, stop: Sequence[str] = ()
) -> list[Piece]:
    events = tokens(text, "length")
    script = [events[i : i + together] for i in range(0, len(events), together)]
    texts = TextService(cast(Engine, ScriptedEngine(script)), real_tokenizer(), metrics)
    job = await texts.check(pb.GenerateTextRequest(prompt="Count.", stop=stop))
    return [piece async for piece in texts.stream(job, 10)]


def count(metrics: Metrics, name: str) -> float:
    return metrics.registry.get_sample_value(f"generation_{name}") or 0


@pytest.mark.parametrize("together", [1, 2, 3, 100])
async def test_what_came_together_goes_out_together(together: int) -> None:
    metrics = Metrics()
    written = len(tokens(TEXT, "length"))
    answer = await pieces(together, metrics)
    assert len(answer) == -(-written // together)
    assert "".join(piece.text for piece in answer) == TEXT
    assert [piece.finish_reason for piece in answer] == [None] * (len(answer) - 1) + ["length"]
    assert answer[-1].completion_tokens == written
    assert count(metrics, "completion_tokens_total") == written
    assert count(metrics, "time_to_first_token_seconds_count") == 1
    assert count(metrics, "time_between_tokens_seconds_count") == written - 1


async def test_a_stop_string_counts_the_same_tokens_whatever_came_with_them() -> None:
    alone, *others = [Metrics() for _ in range(3)]
    expected = (await pieces(1, alone, stop=["two th"]))[-1]
    assert expected.finish_reason == "stop"
    for together, metrics in zip((3, 100), others, strict=True):
        answer = await pieces(together, metrics, stop=["two th"])
        assert "".join(piece.text for piece in answer) == "one "
        assert (answer[-1].finish_reason, answer[-1].completion_tokens) == (
            "stop",
            expected.completion_tokens,
        )
        assert count(metrics, "completion_tokens_total") == expected.completion_tokens


async def test_text_that_was_held_for_a_stop_string_comes_at_the_end() -> None:
    answer = await pieces(100, Metrics(), stop=["five six"])
    assert [piece.text for piece in answer] == [TEXT]
