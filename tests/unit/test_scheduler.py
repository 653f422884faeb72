"""The scheduler's decisions, on a fake pipeline behind the real protocol."""

import pytest

from service.engine.events import Event, Failed, Queued, Token
from service.engine.request import Request
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

    def __init__(self, slots: int = 4, widest: int = 4, most_held: int = 1000, most_rows: int = 1000) -> None:
        self.pipeline = FakePipeline(slots, widest, most_held, most_rows)
        self.clock = Clock()
        self.scheduler = Scheduler[FakeParams](self.pipeline, self.clock)
        self.events: dict[int, list[Event]] = {}

    def add(self, request_id: int, deadline: float = FAR, **params: object) -> None:
        self.scheduler.add(Request(request_id, FakeParams(**params), deadline))  # type: ignore[arg-type]

    def step(self, times: int = 1) -> None:
        for _ in range(times):
            self.scheduler.step()
            self.take_news()

    def take_news(self) -> None:
        for request in self.scheduler.take_news():
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
    house.step()
    house.add(2, steps=1, cost=2)
    house.add(3, steps=1, cost=1)
    house.run()
    assert house.pipeline.batches == [[1], [1], [2, 3]]


def test_of_the_waiting_ones_what_has_least_left_comes_in_first() -> None:
    house = House(slots=1)
    house.add(1, steps=1)
    house.step()
    house.add(2, steps=5)
    house.add(3, steps=1)
    house.run()
    assert [batch[0] for batch in house.pipeline.batches[:3]] == [1, 3, 2]


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
    house = House(slots=1000, widest=1)
    house.add(0, steps=20)
    for request_id in range(1, 120):
        house.add(request_id, steps=2)
        house.step()
    # Whoever comes with 2 steps after the 36th step goes behind the 20 steps of the first, whatever follows.
    assert house.events[0][-1] == Token(0, "stop")
    assert max(step for step, batch in enumerate(house.pipeline.batches) if batch == [0]) < 36 * 2 + 20


def test_equal_requests_finish_one_after_another() -> None:
    house = House(widest=1)
    for request_id in (1, 2, 3):
        house.add(request_id, steps=4)
    house.run()
    assert house.pipeline.batches == [[1]] * 4 + [[2]] * 4 + [[3]] * 4


def test_a_step_tells_who_took_it_together(house: House) -> None:
    assert house.scheduler.step() == []
    house.add(1, steps=2)
    house.add(2, steps=1)
    assert [sorted(house.scheduler.step()) for _ in range(3)] == [[1, 2], [1], []]


def test_what_a_request_is_told_as_it_arrives_is_news_before_any_step(house: House) -> None:
    house.add(1, steps=5)
    house.add(2, steps=1, told=True)
    house.take_news()
    assert house.events == {2: [Queued(1, 5)]}
    house.take_news()
    assert house.events == {2: [Queued(1, 5)]}


def test_rows_fill_a_step_to_its_width_and_a_narrow_request_takes_what_is_left() -> None:
    house = House(widest=4)
    house.add(1, steps=1, rows=3)
    house.add(2, steps=2, rows=2)
    house.add(3, steps=3, rows=1)
    house.step()
    assert house.pipeline.batches == [[1, 3]]


def test_a_request_wider_than_a_step_steps_alone() -> None:
    house = House(widest=4)
    house.add(1, steps=1, rows=6)
    house.add(2, steps=1, rows=1)
    house.run()
    assert house.pipeline.batches == [[1], [2]]


def test_fault_03_a_step_that_does_not_fit_is_taken_in_halves() -> None:
    house = House(most_rows=2)
    for request_id in (1, 2, 3, 4):
        house.add(request_id, steps=2)
    house.run()
    assert house.pipeline.batches == [[1, 2], [3, 4]] * 2
    assert all(events[-1] == Token(0, "stop") for events in house.events.values())


def test_fault_03_only_what_does_not_fit_alone_fails() -> None:
    house = House(widest=8, most_rows=2)
    house.add(1, steps=2)
    house.add(2, steps=2, rows=3)
    house.add(3, steps=2)
    house.run()
    assert house.events[2] == [Failed("out_of_memory")]
    assert house.events[1] == house.events[3] == [Token(1), Token(0, "stop")]
    assert house.pipeline.held == set()


def test_fault_03_a_start_that_does_not_fit_waits_for_the_running_ones() -> None:
    house = House(most_held=1)
    house.add(1, steps=2)
    house.step()
    house.add(2, steps=1)
    house.run()
    assert house.pipeline.batches == [[1], [1], [2]]
    assert house.events[2] == [Token(0, "stop")]


def test_fault_03_a_start_that_does_not_fit_alone_fails_and_the_next_request_runs() -> None:
    house = House(most_held=0)
    house.add(1, steps=1)
    house.step()
    assert house.events[1] == [Failed("out_of_memory")]
    house.pipeline.most_held = 1
    house.add(2, steps=1)
    house.run()
    assert house.events[2] == [Token(0, "stop")]
    assert house.pipeline.held == set()


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
    house.step()
    house.add(2, steps=1, deadline=2.0)
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
