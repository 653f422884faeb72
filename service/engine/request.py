"""A request as an engine sees it: what was asked, how far it is, and the events it gives back."""

from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

FinishReason = Literal["stop", "length"]
Failure = Literal["cancelled", "deadline", "internal"]


@dataclass(frozen=True, slots=True)
class TextParams:
    """What a text request asks for, checked and as numbers. Ranges are those of the proto."""

    prompt_ids: tuple[int, ...]
    max_tokens: int
    temperature: float
    top_p: float
    top_k: int
    min_p: float
    repetition_penalty: float
    seed: int
    stop_ids: frozenset[int]


Params = TextParams  # the diffusion pipeline's params join here


@dataclass(frozen=True, slots=True)
class Token:
    """One sampled token; `finish_reason` is set on the request's last one."""

    token_id: int
    finish_reason: FinishReason | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """The request ended without being complete."""

    failure: Failure


Event = Token | Failed  # the diffusion pipeline's events (step, preview, image) join here

P = TypeVar("P")


def ends(event: Event) -> bool:
    """Whether nothing of its request comes after this event."""
    return isinstance(event, Failed) or event.finish_reason is not None


@dataclass(slots=True, eq=False)
class Request(Generic[P]):
    """One request on its way through an engine; all its progress lives here.

    `deadline` is on time.monotonic(), in seconds. `steps_left` is the most steps that may still
    come; the pipeline counts it down. `state` is the pipeline's own.
    """

    id: int
    params: P
    deadline: float
    steps_left: int = 0
    passed_over: int = 0
    state: object = None
    done: bool = False
    events: list[Event] = field(default_factory=list)

    def emit(self, event: Event) -> None:
        """Hands an event back; the last one ends the request."""
        self.events.append(event)
        self.done = ends(event)

    def take_events(self) -> list[Event]:
        """The events since the last call."""
        events, self.events = self.events, []
        return events
