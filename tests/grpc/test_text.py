"""Text over gRPC, on the real service with the embedded model."""

from __future__ import annotations  # the async stub exists for type checkers only

import asyncio
from typing import TYPE_CHECKING

import pytest

from generation.v1 import generation_pb2 as pb

if TYPE_CHECKING:
    from generation.v1.generation_pb2_grpc import GenerationAsyncStub

CAPITAL = "What is the capital of France?"


def request(prompt: str, **fields: object) -> pb.GenerateTextRequest:
    return pb.GenerateTextRequest(prompt=prompt, **fields)  # type: ignore[arg-type]


async def streamed(
    generation: GenerationAsyncStub, asked: pb.GenerateTextRequest
) -> list[pb.StreamTextResponse]:
    return [message async for message in generation.StreamText(asked)]


async def test_the_capital_of_france_is_paris(generation: GenerationAsyncStub) -> None:
    answer = await generation.GenerateText(request(CAPITAL, temperature=0))
    assert "Paris" in answer.text
    assert answer.prompt == CAPITAL
    assert answer.finish_reason == "stop"


async def test_the_pieces_of_a_stream_add_up_to_the_unary_answer(generation: GenerationAsyncStub) -> None:
    asked = request("Write two sentences about the sea 🌊 and an ñandú.", seed=11, max_tokens=60)
    answer = await generation.GenerateText(asked)
    messages = await streamed(generation, asked)
    assert "".join(message.text for message in messages) == answer.text
    assert len(messages) > 10


async def test_only_the_last_message_of_a_stream_has_the_reason_the_counts_and_the_seed(
    generation: GenerationAsyncStub,
) -> None:
    *first, last = await streamed(generation, request("Count to ten.", seed=3, max_tokens=8))
    assert {field.name for message in first for field, _ in message.ListFields()} == {"text"}
    assert (last.finish_reason, last.completion_tokens, last.seed) == ("length", 8, 3)
    assert last.prompt_tokens > 8
    assert not last.HasField("detail")


async def test_max_tokens_is_respected_and_ends_with_length(generation: GenerationAsyncStub) -> None:
    answer = await generation.GenerateText(request("Tell me a long story.", max_tokens=5))
    assert (answer.finish_reason, answer.completion_tokens) == ("length", 5)


async def test_a_stop_string_ends_the_text_and_never_appears(generation: GenerationAsyncStub) -> None:
    asked = request(CAPITAL, temperature=0, stop=["is Par", "Berlin"])
    answer = await generation.GenerateText(asked)
    assert (answer.text, answer.finish_reason) == ("The capital of France ", "stop")
    messages = await streamed(generation, asked)
    assert "".join(message.text for message in messages) == answer.text


async def test_a_stop_string_that_never_comes_changes_nothing(generation: GenerationAsyncStub) -> None:
    plain = await generation.GenerateText(request(CAPITAL, temperature=0))
    stopped = await generation.GenerateText(request(CAPITAL, temperature=0, stop=["Paris!!!", "zzz"]))
    assert stopped.text == plain.text


async def test_messages_hold_a_conversation(generation: GenerationAsyncStub) -> None:
    turns = [
        pb.ChatMessage(role="system", content="You are a helpful assistant."),
        pb.ChatMessage(role="user", content="My name is Ada."),
        pb.ChatMessage(role="assistant", content="Nice to meet you, Ada."),
        pb.ChatMessage(role="user", content="What is my name?"),
    ]
    answer = await generation.GenerateText(pb.GenerateTextRequest(messages=turns, temperature=0))
    assert "Ada" in answer.text
    assert answer.prompt == ""


async def test_a_repetition_penalty_changes_what_is_repeated(generation: GenerationAsyncStub) -> None:
    asked = {"temperature": 0, "max_tokens": 40}
    plain = await generation.GenerateText(request("Repeat the word yes forever.", **asked))
    penalised = await generation.GenerateText(
        request("Repeat the word yes forever.", **asked, repetition_penalty=1.8)
    )
    assert plain.text != penalised.text


@pytest.mark.parametrize("narrow", [{"top_k": 1}, {"top_p": 0}, {"min_p": 1}])
async def test_a_filter_that_leaves_one_token_is_greedy(
    generation: GenerationAsyncStub, narrow: dict[str, float]
) -> None:
    asked = {"max_tokens": 12}
    greedy = await generation.GenerateText(request("Name three colours.", temperature=0, **asked))
    narrowed = await generation.GenerateText(
        request("Name three colours.", temperature=1.5, **narrow, **asked)
    )
    assert narrowed.text == greedy.text


async def test_the_same_seed_gives_the_same_text_alone_and_among_16_others(
    generation: GenerationAsyncStub,
) -> None:
    asked = request("Describe a walk in the forest.", seed=1234, temperature=0.8, max_tokens=40)
    alone = await generation.GenerateText(asked)
    others = [request(f"Tell me about the number {i}.", seed=i, max_tokens=20 + i) for i in range(16)]
    calls = [generation.GenerateText(other) for other in others[:8]]
    among = generation.GenerateText(asked)
    calls += [generation.GenerateText(other) for other in others[8:]]
    await asyncio.gather(*calls)
    assert (await among).text == alone.text


async def test_different_seeds_give_different_texts(generation: GenerationAsyncStub) -> None:
    answers = [
        await generation.GenerateText(
            request("Invent a name for a cat.", seed=seed, temperature=1.5, max_tokens=12)
        )
        for seed in (1, 2, 3)
    ]
    assert len({answer.text for answer in answers}) > 1


async def test_prompts_of_every_length_around_a_block_are_answered(generation: GenerationAsyncStub) -> None:
    asked = [request("word " * count, max_tokens=2, seed=1) for count in (96, 97, 98, 225, 300)]
    answers = await asyncio.gather(*map(generation.GenerateText, asked))
    assert [answer.prompt_tokens for answer in answers] == [127, 128, 129, 256, 331]
    assert all(1 <= answer.completion_tokens <= 2 for answer in answers)
