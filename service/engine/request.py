"""A request as an engine sees it: what was asked, how far it is, and the events it gives back."""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from service.engine.events import Event, ends

P = TypeVar("P")


@dataclass(slots=True, eq=False)
class Request(Generic[P]):
    """One request on its way through an engine; all its progress lives here.

    `deadline` is on time.monotonic(), in seconds. `call_id` is what the log knows it by. `steps_left`
    is the most steps that may still come; the pipeline counts it down. `passed_over` counts the steps
    that others took meanwhile.
    `preparing` is set while its steps only make it ready for steps that it can share: they go first.
    `state` is the pipeline's own.
    """

    id: int
    params: P
    deadline: float
    call_id: str = ""
    steps_left: int = 0
    passed_over: int = 0
    preparing: bool = False
    state: object = None
    done: bool = False
    events: list[Event] = field(default_factory=list)

    @property
    def urgency(self) -> float:
        """Lowest goes first: what has least left to do, sooner by half of the steps it was passed over.

        By half, so that a request which is being worked on stays ahead of an equal one that waits.
        """
        return self.steps_left - self.passed_over / 2

    def emit(self, event: Event) -> None:
        """Hands an event back; the last one ends the request."""
        self.events.append(event)
        self.done = ends(event)

    def take_events(self) -> list[Event]:
        """The events since the last call."""
        events, self.events = self.events, []
        return events
