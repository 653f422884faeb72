"""What the benchmark of text reads out of the engine's steps."""

import pytest

from benchmarks.text.bends import costs, section
from benchmarks.text.steps import Step

FIXED, ANSWER, CONTEXT, PROMPT = 8e-3, 1e-3, 2e-6, 1.5e-3
STEPS = [
    *(
        Step(answers, context, 0, FIXED + answers * (ANSWER + context * CONTEXT))
        for answers in (1, 4, 16)
        for context in (64, 1000)
    ),
    Step(0, 0, 256, FIXED + 256 * PROMPT),
]


def test_the_parts_of_steps_are_found_again() -> None:
    found = costs(STEPS)
    assert (found.fixed, found.answer, found.context, found.prompt) == pytest.approx(
        (FIXED, ANSWER, CONTEXT, PROMPT)
    )
    assert found.error == pytest.approx(0, abs=1e-9)


def test_a_step_that_is_no_sum_shows_in_the_error() -> None:
    assert costs([*STEPS, Step(4, 500, 0, 1.0)]).error > 0.5


def test_the_bends_are_told_where_they_lie() -> None:
    heading, text, table = section(STEPS)
    assert heading == "Why the curves bend"
    assert "as long as the weights, at 8 requests" in text
    assert "for one request at 4,500 tokens, for 16, which share the rest, at 750." in text
    assert "| 16 | 26.0 | 56.0 |" in table
