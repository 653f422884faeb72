"""From written text and painted images to OpenAI's messages."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from generation.v1 import openai_pb2 as openai
from service.params.text import TextInput
from service.text_service import Piece


@dataclass(frozen=True, slots=True)
class Written:
    """What every message about one answer repeats."""

    id: str
    model: str
    created: int = field(default_factory=lambda: int(time.time()))


def chat_completion(written: Written, job: TextInput, answer: Piece) -> openai.ChatCompletion:
    """A whole answer."""
    message = openai.AssistantMessage(role="assistant", content=answer.text)
    return openai.ChatCompletion(
        id=written.id,
        object="chat.completion",
        created=written.created,
        model=written.model,
        choices=[openai.ChatCompletionChoice(message=message, finish_reason=answer.finish_reason or "")],
        usage=_usage(job, answer),
    )


def chat_chunks(
    written: Written, job: TextInput, piece: Piece, *, first: bool, count: bool
) -> Iterator[openai.ChatCompletionChunk]:
    """A piece of an answer; after the last one, the number of tokens where they are to be counted."""
    delta = openai.AssistantDelta(role="assistant" if first else None, content=piece.text)
    choice = openai.ChatCompletionChunkChoice(delta=delta, finish_reason=piece.finish_reason)
    yield _chat_chunk(written, choices=[choice])
    if count and piece.finish_reason:
        yield _chat_chunk(written, usage=_usage(job, piece))


def completion(written: Written, job: TextInput, answer: Piece) -> openai.Completion:
    """A whole text."""
    whole = _completion(written, answer)
    whole.usage.CopyFrom(_usage(job, answer))
    return whole


def completion_chunks(
    written: Written, job: TextInput, piece: Piece, *, count: bool
) -> Iterator[openai.Completion]:
    """A piece of a text; after the last one, the number of tokens where they are to be counted."""
    yield _completion(written, piece)
    if count and piece.finish_reason:
        counted = _completion(written, piece)
        counted.ClearField("choices")
        counted.usage.CopyFrom(_usage(job, piece))
        yield counted


def images(pngs: list[bytes], created: int) -> openai.Images:
    """Painted images."""
    return openai.Images(created=created, data=[openai.ImageData(b64_json=png) for png in pngs])


def _chat_chunk(
    written: Written,
    choices: Sequence[openai.ChatCompletionChunkChoice] = (),
    usage: openai.Usage | None = None,
) -> openai.ChatCompletionChunk:
    return openai.ChatCompletionChunk(
        id=written.id,
        object="chat.completion.chunk",
        created=written.created,
        model=written.model,
        choices=choices,
        usage=usage,
    )


def _completion(written: Written, piece: Piece) -> openai.Completion:
    return openai.Completion(
        id=written.id,
        object="text_completion",
        created=written.created,
        model=written.model,
        choices=[openai.CompletionChoice(text=piece.text, finish_reason=piece.finish_reason)],
    )


def _usage(job: TextInput, last: Piece) -> openai.Usage:
    read, wrote = len(job.params.prompt_ids), last.completion_tokens
    return openai.Usage(prompt_tokens=read, completion_tokens=wrote, total_tokens=read + wrote)
