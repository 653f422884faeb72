"""What an engine says of its requests, as their readers get it."""

import asyncio
import pickle

import pytest

from service.engine.events import Event, Failed, Picture, Pixels, Queued, Token
from service.engine.messages import Arrived, News, Stepped, packed, unpacked
from service.engine.ticket import Ticket, Tickets
from service.metrics import Metrics

PICTURE = Picture(Pixels(1, 1, b"rgb"), 0, last=False)


@pytest.fixture
def tickets() -> Tickets:
    return Tickets(Metrics().of_engine("text"))


def step(*news: tuple[int, Event]) -> Stepped:
    entries: News = [(request_id, packed(event)) for request_id, event in news]
    batch = list(dict.fromkeys(request_id for request_id, _ in news))
    return Stepped(entries, batch, 1.0, 2.0, [], len(batch), 0)


@pytest.mark.parametrize(
    "event", [Token(0), Token(7), Token(7, "stop"), Queued(1, 2.0), PICTURE, Failed("deadline")]
)
def test_an_event_is_the_same_after_the_pipe(event: Event) -> None:
    assert unpacked(pickle.loads(pickle.dumps(packed(event)))) == event


async def test_a_reader_gets_what_came_since_it_last_looked_in_order(tickets: Tickets) -> None:
    ticket, other = tickets.add(1), tickets.add(2)
    tickets.receive(Arrived([(1, Queued(0, 1.0))]))
    tickets.receive(step((1, Token(5)), (2, Token(6))))
    tickets.receive(step((1, Token(7)), (1, Token(8, "stop"))))
    assert await ticket.take() == [Queued(0, 1.0), Token(5), Token(7), Token(8, "stop")]
    assert await other.take() == [Token(6)]
    assert (ticket.steps, ticket.decodes) == (2, [(2.0, 2.0)])
    assert not tickets.remove(1)
    assert tickets.remove(2)


async def test_a_reader_waits_for_what_comes(tickets: Tickets) -> None:
    ticket = tickets.add(1)
    reader = asyncio.create_task(ticket.take())
    await asyncio.sleep(0)
    assert not reader.done()
    tickets.receive(step((1, Token(5)), (1, Token(6))))
    assert await reader == [Token(5), Token(6)]


async def test_a_reader_that_left_is_no_trouble(tickets: Tickets) -> None:
    ticket = tickets.add(1)
    reader = asyncio.create_task(ticket.take())
    await asyncio.sleep(0)
    reader.cancel()
    await asyncio.sleep(0)
    ticket.put(Token(5), 1.0)
    assert await ticket.take() == [Token(5)]


async def test_a_lost_engine_ends_what_it_worked_on_after_what_it_made(tickets: Tickets) -> None:
    ticket: Ticket = tickets.add(1)
    tickets.receive(step((1, Token(5))))
    tickets.lose()
    assert await ticket.take() == [Token(5), Failed("cancelled")]
