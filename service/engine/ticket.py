"""What the service knows of the requests in an engine, from the engine's messages."""

import asyncio
import time
from dataclasses import dataclass, field

from service.engine.events import Event, Failed, Picture, Token, ends
from service.engine.messages import Arrived, Message, News, Stepped, unpacked
from service.metrics import EngineMetrics


@dataclass(slots=True, eq=False)
class Ticket:
    """One request: its events, and how far it is; all times are on time.monotonic(), in seconds.

    `first_step` and `last_step` are when its first step began and its last one so far ended, None
    while it waits. `steps` are the steps it took. `decodes` are when its output was made: of a text
    from the first token to the last so far, of each picture from the last denoising step before it.
    """

    admitted: float = field(default_factory=time.monotonic)
    steps: int = 0
    first_step: float | None = None
    last_step: float | None = None
    decodes: list[tuple[float, float]] = field(default_factory=list)
    _last_event: float = 0.0
    _inbox: list[Event] = field(default_factory=list)
    _reader: asyncio.Future[None] | None = None

    def stepped(self, began: float, ended: float) -> None:
        """Notes a step that it took, alone or with others."""
        self.steps += 1
        self.first_step = began if self.first_step is None else self.first_step
        self.last_step = ended

    async def take(self) -> list[Event]:
        """Every event since the last call; waits for one if there is none."""
        if not self._inbox:
            self._reader = asyncio.get_running_loop().create_future()
            await self._reader
        events, self._inbox = self._inbox, []
        return events

    def put(self, event: Event, at: float) -> None:
        """Hands an event on, and notes when it was made."""
        match event:
            case Token():
                self.decodes = [(self.decodes[0][0] if self.decodes else at, at)]
            case Picture():
                self.decodes.append((self._last_event, at))
        self._last_event = at
        self._inbox.append(event)
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)


class Tickets:
    """The requests that an engine still works on, by id."""

    def __init__(self, metrics: EngineMetrics) -> None:
        self._metrics = metrics
        self._tickets: dict[int, Ticket] = {}

    def add(self, request_id: int) -> Ticket:
        """A new one, admitted now."""
        ticket = self._tickets[request_id] = Ticket()
        return ticket

    def remove(self, request_id: int) -> bool:
        """Forgets a request whose caller left; False if it had ended by itself."""
        return self._tickets.pop(request_id, None) is not None

    def receive(self, message: Message) -> None:
        """Takes in what the engine says of steps and events."""
        match message:
            case Stepped():
                self._note(message)
                self._deliver(message.news, message.ended)
            case Arrived():
                self._deliver(message.news, time.monotonic())

    def lose(self) -> None:
        """Ends every request: the process is gone."""
        now = time.monotonic()
        for ticket in self._tickets.values():
            ticket.put(Failed("cancelled"), now)
        self._tickets.clear()
        self._metrics.running.set(0)
        self._metrics.waiting.set(0)

    def _note(self, step: Stepped) -> None:
        self._metrics.stepped(len(step.batch), step.running, step.waiting)
        for steps in step.dropped:
            self._metrics.drop_steps.observe(steps)
        for request_id in step.batch:
            if (ticket := self._tickets.get(request_id)) is not None:
                if ticket.first_step is None:
                    self._metrics.queue_seconds.observe(step.began - ticket.admitted)
                ticket.stepped(step.began, step.ended)

    def _deliver(self, news: News, at: float) -> None:
        for request_id, item in news:
            event = unpacked(item)
            if (ticket := self._tickets.get(request_id)) is not None:
                ticket.put(event, at)
            if ends(event):
                self._tickets.pop(request_id, None)
