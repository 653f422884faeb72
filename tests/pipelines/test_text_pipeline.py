"""The text pipeline on the embedded model, against transformers and against itself under load."""

import pytest
import torch
from torch import Tensor
from transformers import PreTrainedModel

from service.engine.events import Failed, Token
from service.engine.params import TextParams
from service.engine.request import Request
from service.engine.scheduler import Scheduler
from service.pipelines.text.batch import PROMPT_BLOCK, Batch
from service.pipelines.text.kv_cache import KVCache
from service.pipelines.text.llama import Llama
from service.pipelines.text.pipeline import TextPipeline
from service.text.tokenizer import TextTokenizer
from tests.pipelines.running import NO_DEADLINE, generated, params, run, tokens

PROMPTS = [
    "What is the capital of France?",
    "Tell me a funny joke",
    "What is machine learning?",
    "Hello",
    "Write a haiku about autumn.",
    "Explain gravity to a child.",
    "List three uses of a paperclip.",
    "def fibonacci(n):",
    "Translate 'good morning' to Spanish.",
    "Who wrote Hamlet?",
    "What is 17 + 25?",
    "Name the planets of the solar system.",
    "Why is the sky blue?",
    "Give me a recipe for pancakes.",
    "What does HTTP stand for?",
    "¿Qué hora es?",
    "🌍🌎🌏 what are these?",
    "Summarise: " + "The quick brown fox jumps over the lazy dog. " * 8,
    "Continue: " + "one two three four five six seven eight nine ten " * 16,
    "Repeat the last word: " + "alpha beta gamma delta epsilon zeta eta theta " * 25,
]


def test_greedy_output_equals_transformers_generate_token_for_token_on_20_prompts(
    pipeline: TextPipeline, reference: PreTrainedModel, tokenizer: TextTokenizer
) -> None:
    stop = {"max_tokens": 16, "stop_ids": tokenizer.stop_ids}
    asked = [params(tokenizer.encode_prompt(prompt), **stop) for prompt in PROMPTS]
    assert max(len(wanted.prompt_ids) for wanted in asked) > 2 * PROMPT_BLOCK
    ours = [tokens(events) for events in run(pipeline, asked)]
    for wanted, mine in zip(asked, ours, strict=True):
        assert mine == generated(reference, wanted)


def test_a_seeded_answer_is_the_same_alone_and_beside_others_that_come_and_go(
    pipeline: TextPipeline, tokenizer: TextTokenizer
) -> None:
    asked = params(tokenizer.encode_prompt("Describe a lake."), temperature=0.9, seed=42, max_tokens=30)
    (alone,) = run(pipeline, [asked])
    short = [params(tokenizer.encode_prompt(f"Say {i}."), max_tokens=3 + i) for i in range(12)]
    beside = run(pipeline, [*short[:5], asked, *short[5:]])[5]
    assert tokens(beside) == tokens(alone)


def test_a_request_that_leaves_frees_its_pages_and_the_others_go_on_unchanged(
    pipeline: TextPipeline, tokenizer: TextTokenizer
) -> None:
    first, second, third = (
        params(tokenizer.encode_prompt(prompt))
        for prompt in ("Count to three.", "Name a fruit.", "Name a bird.")
    )
    expected = run(pipeline, [third])[0]

    def leave(step: int, scheduler: Scheduler[TextParams]) -> None:
        if step == 6:
            scheduler.cancel(0)

    cancelled, _, stayed = run(pipeline, [first, second, third], leave)
    assert cancelled[-1] == Failed("cancelled")
    assert len(tokens(cancelled)) == 6
    assert pipeline.pool.held == 0
    assert tokens(stayed) == tokens(expected)


def test_a_prompt_that_is_read_while_others_answer_changes_none_of_them(
    pipeline: TextPipeline, tokenizer: TextTokenizer
) -> None:
    long = params(tokenizer.encode_prompt("word " * 500), max_tokens=5)
    short = params(tokenizer.encode_prompt("Name a river."), max_tokens=20)
    expected = [tokens(run(pipeline, [wanted])[0]) for wanted in (short, long)]

    def join(step: int, scheduler: Scheduler[TextParams]) -> None:
        if step == 3:
            scheduler.add(late)

    late: Request[TextParams] = Request(7, long, NO_DEADLINE)
    (answer,) = run(pipeline, [short], join)
    assert [tokens(answer), tokens(late.take_events())] == expected


def test_the_last_token_has_the_reason(pipeline: TextPipeline, tokenizer: TextTokenizer) -> None:
    prompt = tokenizer.encode_prompt("What is the capital of France?")
    (stopped,) = run(pipeline, [params(prompt, stop_ids=tokenizer.stop_ids)])
    (cut,) = run(pipeline, [params(prompt, stop_ids=tokenizer.stop_ids, max_tokens=3)])
    reasons = [event.finish_reason for event in stopped if isinstance(event, Token)]
    assert reasons == [None] * (len(stopped) - 1) + ["stop"]
    assert stopped[-1].token_id in tokenizer.stop_ids if isinstance(stopped[-1], Token) else False
    assert cut[-1] == Token(tokens(stopped)[2], "length")


def test_a_request_that_fills_the_context_to_its_last_token_is_answered(
    pipeline: TextPipeline, tokenizer: TextTokenizer
) -> None:
    prompt = tokenizer.encode_prompt("word " * 900)
    left = 1024 - len(prompt)
    (events,) = run(pipeline, [params(prompt, max_tokens=left)])
    assert len(tokens(events)) == left


def test_a_step_that_does_not_fit_the_memory_is_taken_in_halves_and_changes_no_answer(
    pipeline: TextPipeline, tokenizer: TextTokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [params(tokenizer.encode_prompt(text)) for text in ("A cat", "A dog", "A bird")]
    expected = run(pipeline, asked)
    whole = Llama.logits

    def logits(model: Llama, batch: Batch, cache: KVCache) -> Tensor:
        if len({tuple(part.table) for part in batch.parts}) > 1:
            raise torch.OutOfMemoryError
        return whole(model, batch, cache)

    monkeypatch.setattr(Llama, "logits", logits)
    assert run(pipeline, asked) == expected
