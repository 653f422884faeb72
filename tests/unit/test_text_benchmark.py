"""What the benchmark of text makes of its measurements: figures, sentences, tables, the document."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.document import write_section
from benchmarks.text.cells import by_context, by_count, rate, verdict
from benchmarks.text.clients import with_silent
from benchmarks.text.document import Findings
from benchmarks.text.machine import Limits
from benchmarks.text.prompts import RUNNING, Prompts
from benchmarks.text.quality import Quality, divergence
from benchmarks.text.rounds import Joined, Result, Sample, Written
from benchmarks.text.tables import body
from benchmarks.text.work import Asked, figures, rate_around
from service.text.tokenizer import TextTokenizer
from tests.stack import MODELS_DIR

OURS = "service, gRPC"


def sample(contestant: str, requests: int, tokens_a_second: int) -> Sample:
    """Requests of a hundred tokens each, read in no time, at this rate over all."""
    seconds = [requests * place / tokens_a_second for place in range(1, 101)]
    asked = [Asked("", (), 100)] * requests
    return Sample(contestant, requests, 100 * requests, figures(asked, [seconds] * requests))


@pytest.fixture(scope="module")
def prompts() -> Prompts:
    return Prompts(TextTokenizer.load(MODELS_DIR / "smollm2-135m-instruct", 4096))


def test_a_request_that_came_later_is_timed_from_then() -> None:
    found = figures([Asked("", (), 2), Asked("", (), 1, at=3.0)], [[1.0, 2.0], [4.0]])
    assert (found.rate, found.tokens, found.first, found.between) == (0.75, 3, [1.0, 1.0], [1.0])


def test_a_request_without_tokens_is_no_figure() -> None:
    with pytest.raises(ValueError, match="no token"):
        figures([Asked("", (), 1)], [[]])


def test_the_rate_around_a_token_is_that_of_all_requests() -> None:
    assert rate_around([[1, 2, 3, 4, 5], [2, 3, 4, 5, 6]], 2, 2) == 2
    assert rate_around([[1, 2, 3, 4, 5], [2, 3, 4]], 2, 2) is None
    assert rate_around([[1, 2, 3, 4, 5]], 1, 2) is None


def test_tokens_without_a_message_of_their_own_came_with_the_last() -> None:
    assert with_silent([1, 2], 4) == [1, 2, 2, 2]
    with pytest.raises(ValueError, match="3 messages for 2 tokens"):
        with_silent([1, 2, 3], 2)


def test_a_divergence_is_zero_from_itself_whatever_is_added_to_the_scores() -> None:
    exact = np.array([[0.0, 1.0, 2.0]], np.float32)
    assert divergence(exact, exact + 7) == pytest.approx([0], abs=1e-6)
    certain = np.log(np.array([[0.5, 0.5]], np.float32))
    assert divergence(certain, np.log(np.array([[0.25, 0.75]], np.float32))) == pytest.approx(
        [0.1438], abs=1e-4
    )


def test_the_verdict_names_the_best_other_engine_where_ahead_and_where_behind() -> None:
    samples = [sample(OURS, 1, 50), sample(OURS, 16, 300), sample("service, REST", 16, 290)]
    samples += [
        sample("slow", 1, 20),
        sample("slow", 16, 200),
        sample("fast", 1, 100),
        sample("fast", 16, 150),
    ]
    said = verdict(by_count(samples, rate))
    assert said == (
        "Over gRPC the service is ahead of every other engine at 16 (1.50 times slow) and behind at 1 "
        "(0.50 times fast)."
    )


def test_less_is_better_for_times() -> None:
    assert "behind at 1 (0.50 times x)" in verdict({OURS: {1: 20.0}, "x": {1: 10.0}}, more_is_better=False)


def test_contexts_are_told_for_one_number_of_requests() -> None:
    results = [Written("x", 16, {128: 10.0}), Written("x", 1, {128: 5.0})]
    assert by_context(results, 16) == {"x": {128: 10.0}}


def test_mixed_requests_keep_their_lengths_and_change_their_words(prompts: Prompts) -> None:
    one, two = prompts.mixed(64, 1), prompts.mixed(64, 2)
    lengths = [len(asked.ids) for asked in one]
    assert [len(asked.ids) for asked in two] == lengths
    assert min(lengths) < 70 < 280 < max(lengths) <= 300
    assert {asked.prompt for asked in one}.isdisjoint(asked.prompt for asked in two)
    assert one == prompts.mixed(64, 1)
    assert one[:4] == prompts.mixed(4, 1)


def test_those_that_join_come_one_after_another(prompts: Prompts) -> None:
    at = [asked.at for asked in prompts.joining(1)]
    assert at[:RUNNING] == [0] * RUNNING
    assert at[RUNNING:] == sorted(set(at[RUNNING:]))


def test_the_body_has_what_was_measured_and_says_who_is_missing() -> None:
    results: list[Result] = [sample(OURS, 16, 300), sample("engine alone", 16, 400), sample("x", 16, 150)]
    results += [Joined(OURS, [0.01, 0.02], [0.1]), Joined("x", [], [0.1])]
    findings = Findings(
        results,
        Limits(2e9, 1_000_000),
        quality=[Quality("x", [0.1, 0.3], [True, False])],
        failed={"y": "no pip"},
        added=results[:2],
    )
    text = body(findings, "int8", "text.png")
    assert "Missing: y, because: no pip" in text
    assert "| service, gRPC | 300 |" in text
    assert "| service, gRPC | 0.750 |" in text
    assert "| x | - | - | - | 100 | 100 |" in text
    assert "| x | 0.2000 |" in text
    assert "| float32 | 4 | 500 |" in text


def test_what_is_measured_again_takes_the_place_of_what_was() -> None:
    earlier = Findings([sample("x", 1, 10), sample("x", 16, 20), Joined("x", [], [0.1])], Limits(1.0, 1))
    now = Findings([sample("x", 16, 40)], Limits(2.0, 1), failed={"y": "no pip"})
    both = now.beside(earlier)
    assert by_count(both.results, rate) == {"x": {1: pytest.approx(10), 16: pytest.approx(40)}}
    assert sum(isinstance(one, Joined) for one in both.results) == 1
    assert (both.limits, both.failed) == (now.limits, now.failed)
    assert earlier.beside(now).limits == now.limits  # a bound is the best that was seen


def test_a_section_is_replaced_and_the_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "text.md"
    for heading, text in (("On a CPU", "old"), ("On a GPU", "gpu"), ("On a CPU", "new")):
        write_section(path, "# Text\n", heading, text)
    assert path.read_text() == "# Text\n\n## On a CPU\n\nnew\n\n## On a GPU\n\ngpu\n"
