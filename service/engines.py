"""The engines of one service: made from the settings, started, watched and stopped together."""

import asyncio

from opentelemetry.trace import Tracer

from service.config import Settings
from service.engine.admission import Admission
from service.engine.engine import Engine, State
from service.engine.messages import EngineSpec, Modality
from service.health import Health
from service.metrics import Metrics
from service.models.choose import Choice

PIXELS_A_REQUEST = 1 << 20


class Engines:
    """Every engine, in the order they were added. Health tells of a modality what its engine's state is."""

    def __init__(self, settings: Settings, metrics: Metrics, tracer: Tracer, health: Health) -> None:
        self._settings = settings
        self._metrics = metrics
        self._tracer = tracer
        self._health = health
        self._changes: set[asyncio.Task[None]] = set()
        self.all: list[Engine] = []

    def add(self, spec: EngineSpec) -> Engine:
        """A new engine, not started yet."""
        settings = self._settings
        engine = Engine(
            spec,
            Admission(spec.modality, spec.max_running + settings.max_waiting),
            self._metrics,
            self._tracer,
            settings.watchdog_s,
            lambda state: self._tell(spec.modality, state),
        )
        self.all.append(engine)
        return engine

    def start(self) -> None:
        """Begins to load every model."""
        for engine in self.all:
            engine.start()

    async def stop(self) -> None:
        """Ends every engine, all at the same time."""
        await asyncio.gather(*(engine.stop() for engine in self.all))

    def _tell(self, modality: Modality, state: State) -> None:
        change = self._health.set_modality(modality, serving=state == "ready")
        task = asyncio.ensure_future(change)
        self._changes.add(task)
        task.add_done_callback(self._changes.discard)


def text_spec(settings: Settings, choice: Choice, context_tokens: int) -> EngineSpec:
    """The engine of a text model; `context_tokens` bounds a request, prompt and answer together."""
    return EngineSpec(
        modality="text",
        model=choice.name,
        folder=choice.folder,
        device=choice.device,
        dtype=choice.dtype,
        threads=settings.threads,
        max_running=settings.max_running,
        context_tokens=context_tokens,
        kv_cache_bytes=settings.kv_cache_bytes,
        batch_invariant=settings.batch_invariant,
    )


def image_spec(settings: Settings, choice: Choice) -> EngineSpec:
    """The engine of an image model; how many requests run is told in images of a megapixel."""
    return EngineSpec(
        modality="image",
        model=choice.name,
        folder=choice.folder,
        device=choice.device,
        dtype=choice.dtype,
        threads=settings.threads,
        max_running=max(1, settings.running_pixels // PIXELS_A_REQUEST),
        running_pixels=settings.running_pixels,
        batch_images=settings.image_batch,
        batch_invariant=settings.batch_invariant,
        compiled=settings.image_compile and choice.device == "cuda",
    )
