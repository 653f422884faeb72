"""The bounded house and its estimate of the wait."""

import pytest

from service.engine.admission import Admission
from service.errors import Overloaded


class Clock:
    """A clock that tests move."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def full(limit: int, clock: Clock) -> Admission:
    admission = Admission("text", limit, clock)
    for _ in range(limit):
        admission.enter()
    return admission


def refusal(admission: Admission) -> float:
    with pytest.raises(Overloaded) as refused:
        admission.enter()
    assert refused.value.retry_after is not None
    return refused.value.retry_after


def test_a_place_that_is_given_back_can_be_taken() -> None:
    admission = full(2, Clock())
    refusal(admission)
    admission.leave(1.0)
    admission.enter()


def test_the_delay_is_the_time_until_one_leaves() -> None:
    clock = Clock()
    admission = full(4, clock)
    for _ in range(100):
        admission.leave(8.0)
        admission.enter()
    assert refusal(admission) == pytest.approx(2.0, rel=0.01)


def test_each_refused_caller_is_promised_a_place_of_its_own() -> None:
    admission = full(1, Clock())
    delays = [refusal(admission) for _ in range(3)]
    assert delays == pytest.approx([1.0, 2.0, 3.0])


def test_promises_that_are_due_are_forgotten() -> None:
    clock = Clock()
    admission = full(1, clock)
    refusal(admission)
    clock.now = 10.0
    assert refusal(admission) == pytest.approx(1.0)


def test_a_flood_is_never_told_to_wait_longer_than_a_minute() -> None:
    admission = full(1, Clock())
    assert max(refusal(admission) for _ in range(1000)) <= 60.0
