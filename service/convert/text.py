"""From written text to the contract's messages."""

from generation.v1 import generation_pb2 as pb
from service.params.text import TextInput
from service.text_service import Piece


def text_response(job: TextInput, answer: Piece) -> pb.GenerateTextResponse:
    """A complete text."""
    return pb.GenerateTextResponse(
        text=answer.text,
        prompt=job.prompt,
        finish_reason=answer.finish_reason or "",
        prompt_tokens=len(job.params.prompt_ids),
        completion_tokens=answer.completion_tokens,
        seed=job.params.seed,
    )


def text_event(job: TextInput, piece: Piece) -> pb.StreamTextResponse:
    """A piece of text; the last one carries the counts and the seed."""
    if piece.finish_reason is None:
        return pb.StreamTextResponse(text=piece.text)
    return pb.StreamTextResponse(
        text=piece.text or None,
        finish_reason=piece.finish_reason,
        prompt_tokens=len(job.params.prompt_ids),
        completion_tokens=piece.completion_tokens,
        seed=job.params.seed,
    )
