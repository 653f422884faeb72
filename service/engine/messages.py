"""What the service and an engine process say to each other.

The work pipe carries requests down and events up, however large; the control pipe carries what
must never wait behind them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from service.engine.request import Event, Params

Modality = Literal["text", "image"]


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """What an engine process loads and the limits it keeps.

    `threads` 0 takes every core. `context_tokens` bounds a request, prompt and answer together.
    """

    modality: Modality
    model: str
    folder: Path
    device: str
    dtype: str
    threads: int
    context_tokens: int
    max_running: int


@dataclass(frozen=True, slots=True)
class Start:
    """Control, down, first: load this."""

    spec: EngineSpec


@dataclass(frozen=True, slots=True)
class Stop:
    """Control, down: end the process now."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """Control, down: drop a request before the next step.

    `at` is when its caller left, on time.monotonic(), which all processes of a machine share.
    """

    request_id: int
    at: float


@dataclass(frozen=True, slots=True)
class Submit:
    """Work, down: a new request and the seconds it has left."""

    request_id: int
    params: Params
    seconds_left: float


@dataclass(frozen=True, slots=True)
class Ready:
    """Control, up: the model is loaded."""


@dataclass(frozen=True, slots=True)
class StartFailed:
    """Control, up: the model could not be loaded; the process ends."""

    reason: str


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Control, up, several times a second: for how long the current step runs, 0 between steps."""

    step_seconds: float


@dataclass(frozen=True, slots=True)
class Stepped:
    """Work, up, after each step: what it brought by request id, and how many are still there.

    `dropped` has an entry for each request that was cancelled before the step: the steps that began
    after its caller had left.
    """

    events: list[tuple[int, list[Event]]]
    dropped: list[int]
    running: int
    waiting: int


Message = Start | Stop | Cancel | Submit | Ready | StartFailed | Heartbeat | Stepped
