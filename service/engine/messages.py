"""What the service and an engine process say to each other.

The work pipe carries requests down and events up, however large; the control pipe carries what
must never wait behind them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from service.engine.events import Event, Token
from service.engine.params import Params

Modality = Literal["text", "image"]
# What requests are told, in order, by request id. A token that ends nothing is its id alone: nearly
# all are, and an object takes ten times as long through the pipe.
News = list[tuple[int, Event | int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSpec:
    """What an engine process loads and the limits it keeps.

    `threads` 0 takes every core. Text: `context_tokens` bounds a request, prompt and answer together,
    and `kv_cache_bytes` the keys and values of all, 0 for a share of what is free.
    Images: `running_pixels` bounds what runs at once; `batch_images` is how many share a step, 0
    for what is best here; `compiled` compiles the UNet, which is for GPUs.
    Both: `batch_invariant` makes a seed mean the same bytes on a GPU whoever shares its steps.
    """

    modality: Modality
    model: str
    folder: Path
    device: str
    dtype: str
    threads: int
    max_running: int
    context_tokens: int = 0
    kv_cache_bytes: int = 0
    running_pixels: int = 0
    batch_images: int = 0
    batch_invariant: bool = False
    compiled: bool = False


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
    """Work, down: a new request, the seconds it has left, and its call's id for the log."""

    request_id: int
    params: Params
    seconds_left: float
    call_id: str


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
class Arrived:
    """Work, up, when requests have come in: what they are told of their place."""

    news: News


@dataclass(frozen=True, slots=True)
class Stepped:
    """Work, up, after each step: what it brought, and how many are still there.

    `batch` are the ids of the requests that took the step together, `began` and `ended` its times on
    time.monotonic(). `dropped` has an entry for each request that was cancelled before the step: the
    steps that began after its caller had left.
    """

    news: News
    batch: list[int]
    began: float
    ended: float
    dropped: list[int]
    running: int
    waiting: int


Message = Start | Stop | Cancel | Submit | Ready | StartFailed | Heartbeat | Arrived | Stepped


def packed(event: Event) -> Event | int:
    """An event as News has it."""
    return event.token_id if isinstance(event, Token) and event.finish_reason is None else event


def unpacked(news: Event | int) -> Event:
    """The event that an entry of News stands for."""
    return Token(news) if isinstance(news, int) else news
