"""The scheduler's decisions, on a fake pipeline behind the real protocol."""

import pytest

from service.engine.request import Event, Failed, Request, Token
from service.engine.scheduler import Scheduler
from tests.unit.fake_pipeline import FakeParams, FakePipeline

FAR = 1e9


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class House:
    """A scheduler, its fake pipeline and what came out, by request id."""

    def __init__(self, slots: int = 4, widest: int = 4) -> None:
        self.pipeline = FakePipeline(slots, widest)
        self.clock = Clock()
        self.scheduler = Scheduler[FakeParams](self.pipeline, self.clock)
        self.events: dict[int, list[Event]] = {}

    def add(self, request_id: int, deadline: float = FAR, **params: object) -> None:
        self.scheduler.add(Request(request_id, FakeParams(**params), deadline))  # type: ignore[arg-type]

    def step(self, times: int = 1) -> None:
        for _ in range(times):
            for request in self.scheduler.step():
                self.events.setdefault(request.id, []).extend(request.take_events())

    def run(self) -> None:
        while not self.scheduler.idle:
            self.step()


@pytest.fixture
def house() -> House:
    return House()


def test_requests_join_and_leave_between_any_two_steps(house: House) -> None:
    house.add(1, steps=3)
    house.step()
    house.add(2, steps=1)
    house.run()
    assert house.pipeline.batches == [[1], [2, 1], [1]]
    assert house.events[1][-1] == Token(0, "stop")


def test_requests_wait_in_order_for_capacity() -> None:
    house = House(slots=2)
    for request_id in (1, 2, 3):
        house.add(request_id, steps=2)
    house.step()
    assert [request.id for request in house.scheduler.waiting] == [3]
    house.run()
    assert house.pipeline.batches[-1] == [3]


def test_a_request_too_big_for_what_is_free_waits_and_none_overtakes_it() -> None:
    house = House(slots=3)
    house.add(1, steps=2, cost=2)
    house.add(2, steps=1, cost=2)
    house.add(3, steps=1, cost=1)
    house.step()
    assert house.pipeline.batches == [[1]]
    house.run()
    assert house.pipeline.batches[2] == [2, 3]


def test_only_requests_of_one_shape_share_a_step(house: House) -> None:
    house.add(1, steps=1, shape="square")
    house.add(2, steps=1, shape="wide")
    house.run()
    assert house.pipeline.batches == [[1], [2]]


def test_a_step_is_no_wider_than_the_pipeline_says_and_least_left_goes_first() -> None:
    house = House(widest=1)
    house.add(1, steps=3)
    house.add(2, steps=1)
    house.run()
    assert house.pipeline.batches[0] == [2]


def test_a_long_request_is_not_starved_by_short_ones() -> None:
    house = House(slots=100, widest=1)
    house.add(0, steps=20)
    for request_id in range(1, 60):
        house.add(request_id, steps=2)
        house.step()
    # It ages to the length of a short one in 18 steps; only what came before that may go before it.
    assert house.pipeline.batches.index([0]) <= 2 * 18


def test_a_cancelled_request_takes_part_in_no_further_step(house: House) -> None:
    house.add(1, steps=9)
    house.add(2, steps=9)
    house.step()
    house.scheduler.cancel(1)
    house.step()
    assert house.pipeline.batches == [[1, 2], [2]]
    assert house.events[1][-1] == Failed("cancelled")
    assert house.pipeline.held == {2}


def test_a_cancelled_waiting_request_is_never_started() -> None:
    house = House(slots=1)
    house.add(1, steps=2)
    house.add(2, steps=2)
    house.step()
    house.scheduler.cancel(2)
    house.run()
    assert 2 not in {request_id for batch in house.pipeline.batches for request_id in batch}


def test_cancelling_what_has_ended_changes_nothing(house: House) -> None:
    house.add(1, steps=1)
    house.run()
    house.scheduler.cancel(1)
    house.step()
    assert house.events[1] == [Token(0, "stop")]


def test_a_cancel_that_overtakes_its_request_holds(house: House) -> None:
    house.scheduler.cancel(5)
    house.add(5, steps=3)
    house.add(6, steps=1)
    house.run()
    assert house.events[5] == [Failed("cancelled")]
    assert house.pipeline.batches == [[6]]


def test_fault_26_a_deadline_that_passes_in_the_queue_is_never_started() -> None:
    house = House(slots=1)
    house.add(1, steps=5)
    house.add(2, steps=1, deadline=2.0)
    house.step()
    house.clock.now = 2.0
    house.run()
    assert house.events[2] == [Failed("deadline")]
    assert all(2 not in batch for batch in house.pipeline.batches)


def test_a_deadline_that_passes_mid_way_frees_the_slot(house: House) -> None:
    house.add(1, steps=5, deadline=2.0)
    house.step()
    house.clock.now = 2.0
    house.step()
    assert house.events[1][-1] == Failed("deadline")
    assert house.pipeline.held == set()


def test_a_step_that_raises_fails_its_requests_and_the_next_ones_run(house: House) -> None:
    house.add(1, steps=1, fails="step")
    house.run()
    house.add(2, steps=1)
    house.run()
    assert house.events[1] == [Failed("internal")]
    assert house.events[2] == [Token(0, "stop")]
    assert house.pipeline.held == set()


def test_a_request_that_cannot_start_fails_alone(house: House) -> None:
    house.add(1, fails="start")
    house.add(2, steps=1)
    house.run()
    assert house.events[1] == [Failed("internal")]
    assert house.events[2] == [Token(0, "stop")]
