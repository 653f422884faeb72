"""What a request gives back on its way through an engine."""

from dataclasses import dataclass
from typing import Literal

FinishReason = Literal["stop", "length"]
Failure = Literal["cancelled", "deadline", "out_of_memory", "internal"]


@dataclass(frozen=True, slots=True)
class Token:
    """One sampled token; `finish_reason` is set on the request's last one."""

    token_id: int
    finish_reason: FinishReason | None = None


@dataclass(frozen=True, slots=True)
class Queued:
    """An image request's place: how many go before it, and the seconds until it should be complete."""

    position: int
    estimated_seconds: float


@dataclass(frozen=True, slots=True)
class Pixels:
    """An image as 8-bit RGB: `data` has height x width x 3 bytes."""

    width: int
    height: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Progress:
    """`step` of `total_steps` denoising steps are done; a preview of a frame where one was asked for."""

    step: int
    total_steps: int
    preview: Pixels | None = None
    frame_index: int = 0


@dataclass(frozen=True, slots=True)
class Picture:
    """A complete image, or a frame of an animation; `last` on the one that completes the request."""

    pixels: Pixels
    frame_index: int
    last: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """The request ended without being complete."""

    failure: Failure


Event = Token | Queued | Progress | Picture | Failed


def ends(event: Event) -> bool:
    """Whether nothing of its request comes after this event."""
    match event:
        case Token():
            return event.finish_reason is not None
        case Picture():
            return event.last
        case Failed():
            return True
        case _:
            return False
