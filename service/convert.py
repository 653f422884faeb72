"""From what the services answer to the contract's messages."""

from generation.v1 import generation_pb2 as pb
from service.config import Settings
from service.engine.engine import Engine
from service.params.text import TextInput
from service.styles import STYLES
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


def model(engine: Engine, max_waiting: int) -> pb.Model:
    """A model and its limits."""
    spec = engine.spec
    return pb.Model(
        name=spec.model,
        modality=spec.modality,
        state=engine.state,
        device=spec.device,
        dtype=spec.dtype,
        context_tokens=spec.context_tokens,
        max_running=spec.max_running,
        max_waiting=max_waiting,
    )


def styles() -> pb.ListStylesResponse:
    """Every style, the default first."""
    return pb.ListStylesResponse(
        styles=[
            pb.Style(name=name, prompt=style.prompt, negative_prompt=style.negative_prompt)
            for name, style in STYLES.items()
        ]
    )


def health(engine: Engine, settings: Settings, *, draining: bool) -> pb.GetHealthResponse:
    """Whether the engine is ready, and where it computes."""
    status = {"ready": "ok", "loading": "loading"}.get(engine.state, "degraded")
    return pb.GetHealthResponse(
        status="degraded" if draining else status,
        device=engine.spec.device,
        models_dir=settings.models_dir,
    )
