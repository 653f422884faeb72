"""Text requests on their way through the service: checked, run by the engine, turned into pieces."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from generation.v1 import generation_pb2 as pb
from service import errors
from service.engine.engine import Engine
from service.engine.events import Event, FinishReason, Token
from service.metrics import Metrics
from service.params.text import TextInput, check_text
from service.text.text_stream import TextStream
from service.text.tokenizer import TextTokenizer


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of an answer; `completion_tokens` counts up to its end."""

    text: str
    completion_tokens: int
    finish_reason: FinishReason | None = None


class TextService:
    """One text model: its tokenizer here, its weights behind `engine`."""

    def __init__(self, engine: Engine, tokenizer: TextTokenizer, metrics: Metrics) -> None:
        self.engine = engine
        self._tokenizer = tokenizer
        self._metrics = metrics

    async def check(self, request: pb.GenerateTextRequest, *, continued: bool = False) -> TextInput:
        """Checks and tokenises a request, off the event loop. Raises InvalidArgument or NotFound.

        A prompt that is to be `continued` is not put into the model's chat template.
        """
        name = self.engine.spec.model
        if request.HasField("model") and request.model != name:
            raise errors.NotFound(f"model: there is no text model {request.model[:100]!r}; there is {name!r}")
        return await asyncio.to_thread(check_text, request, self._tokenizer, continued=continued)

    async def stream(self, job: TextInput, timeout_s: float) -> AsyncGenerator[Piece, None]:
        """Yields the answer's pieces; the last one has a finish reason.

        Each is what came since the piece before: a token, unless the reader is slower.
        """
        text, written, before = TextStream(self._tokenizer, job.stop), 0, time.monotonic()
        async with aclosing(self.engine.generate(job.params, timeout_s)) as events:
            async for tokens in events:
                piece, taken, finish_reason = _write(text, tokens, job.params.stop_ids)
                now = time.monotonic()
                self._count(job, written, taken, now - before)
                written, before = written + taken, now
                if piece or finish_reason:
                    yield Piece(piece, written, finish_reason)
                if finish_reason:
                    return

    async def complete(self, job: TextInput, timeout_s: float) -> Piece:
        """The whole answer as one piece."""
        async with aclosing(self.stream(job, timeout_s)) as stream:
            pieces = [piece async for piece in stream]
        last = pieces[-1]
        return Piece("".join(piece.text for piece in pieces), last.completion_tokens, last.finish_reason)

    def _count(self, job: TextInput, earlier: int, tokens: int, seconds: float) -> None:
        """Counts tokens that came together, `seconds` after those before them or after the start."""
        self._metrics.completion_tokens.inc(tokens)
        if not earlier:  # the prompt has been read by now, and not sooner
            self._metrics.first_token.observe(seconds)
            self._metrics.prompt_tokens.inc(len(job.params.prompt_ids))
            tokens, seconds = tokens - 1, 0
        for _ in range(tokens):
            self._metrics.between_tokens.observe(seconds / tokens)


def _write(
    text: TextStream, tokens: list[Event], stop_ids: frozenset[int]
) -> tuple[str, int, FinishReason | None]:
    """What tokens add to a text, how many of them it takes, and why it ends if it does."""
    piece = ""
    for taken, token in enumerate(tokens, 1):
        assert isinstance(token, Token)
        piece += "" if token.token_id in stop_ids else text.push(token.token_id)
        if text.stopped:
            return piece, taken, "stop"
        if token.finish_reason:
            return piece + text.flush(), taken, token.finish_reason
    return piece, len(tokens), None
