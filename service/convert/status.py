"""From the service's own state to the contract's messages: models, styles, health."""

from collections.abc import Sequence

from generation.v1 import generation_pb2 as pb
from service.config import Settings
from service.engine.engine import Engine
from service.styles import STYLES


def models(engines: Sequence[Engine], settings: Settings) -> pb.ListModelsResponse:
    """Every model and its limits."""
    return pb.ListModelsResponse(models=[_model(engine, settings) for engine in engines])


def styles() -> pb.ListStylesResponse:
    """Every style, the default first."""
    return pb.ListStylesResponse(
        styles=[
            pb.Style(name=name, prompt=style.prompt, negative_prompt=style.negative_prompt)
            for name, style in STYLES.items()
        ]
    )


def health(engines: Sequence[Engine], settings: Settings, *, draining: bool) -> pb.GetHealthResponse:
    """Whether every engine is ready, and where they compute."""
    return pb.GetHealthResponse(
        status="degraded" if draining else _status(engines),
        device="cuda" if any(engine.spec.device == "cuda" for engine in engines) else "cpu",
        models_dir=settings.models_dir,
    )


def _model(engine: Engine, settings: Settings) -> pb.Model:
    spec, paints = engine.spec, engine.spec.modality == "image"
    return pb.Model(
        name=spec.model,
        modality=spec.modality,
        state=engine.state,
        device=spec.device,
        dtype=spec.dtype,
        context_tokens=spec.context_tokens,
        max_running=spec.max_running,
        max_waiting=settings.max_waiting,
        max_pixels=settings.max_pixels if paints else 0,
        max_frame_pixels=settings.max_frame_pixels if paints else 0,
    )


def _status(engines: Sequence[Engine]) -> str:
    states = {engine.state for engine in engines}
    if states == {"ready"}:
        return "ok"
    return "loading" if states <= {"ready", "loading"} else "degraded"
