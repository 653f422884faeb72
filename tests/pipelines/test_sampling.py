"""Drawing from known distributions."""

from collections import Counter

import pytest
import torch

from service.engine.params import TextParams
from service.engine.request import Request
from service.pipelines.text.batch import TextState
from service.pipelines.text.sampling import draw, sample
from tests.pipelines.running import params

PROBABILITIES = torch.tensor([0.5, 0.25, 0.15, 0.07, 0.03])
LOGITS = PROBABILITIES.log()


def drawn(logits: torch.Tensor = LOGITS, count: int = 2000, **changes: float) -> Counter[int]:
    wanted = params([0], **{"temperature": 1.0, **changes})
    generator = torch.Generator().manual_seed(7)
    return Counter(draw(logits, wanted, generator) for _ in range(count))


def test_tokens_are_drawn_by_their_probability() -> None:
    counts = drawn(count=20_000)
    for token, probability in enumerate(PROBABILITIES.tolist()):
        assert counts[token] / 20_000 == pytest.approx(probability, abs=0.012)


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({"top_k": 2}, {0, 1}),
        ({"top_k": 1}, {0}),
        ({"top_p": 0.75}, {0, 1}),
        ({"top_p": 0.76}, {0, 1, 2}),
        ({"top_p": 0.0}, {0}),
        ({"min_p": 0.4}, {0, 1}),
        ({"min_p": 1.0}, {0}),
        ({"top_k": 4, "top_p": 0.95}, {0, 1, 2, 3}),
        ({"temperature": 1e-6}, {0}),
        ({"top_k": 100}, {0, 1, 2, 3, 4}),
    ],
)
def test_filters_keep_the_likeliest_tokens(changes: dict[str, float], kept: set[int]) -> None:
    assert set(drawn(LOGITS, 2000, **changes)) == kept


def test_top_p_is_a_share_of_all_that_top_k_keeps_the_unlikely_too() -> None:
    probabilities = torch.tensor([0.9495, 0.0499, *[1e-6] * 600])
    assert set(drawn(probabilities.log(), 2000, top_k=602, top_p=0.9498)) == {0, 1}


def test_a_higher_temperature_makes_rare_tokens_likelier() -> None:
    assert drawn(temperature=2.0)[4] > 2 * drawn(temperature=0.7)[4]


def test_a_flat_distribution_over_a_large_vocabulary_reaches_every_part_of_it() -> None:
    counts = drawn(torch.zeros(50_000), count=100, top_p=0.99)
    assert min(counts) < 5_000
    assert max(counts) > 40_000


def test_a_generator_gives_the_same_tokens_again() -> None:
    wanted = params([0], temperature=1.0)
    runs = [[draw(LOGITS, wanted, g) for _ in range(50)] for g in (_seeded(3), _seeded(3), _seeded(4))]
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_a_row_is_drawn_from_as_if_it_were_alone() -> None:
    rows = torch.randn(5, 1000, generator=_seeded(1))
    alone = [sample(rows[i : i + 1].clone(), [_request(i)])[0] for i in range(5)]
    assert sample(rows.clone(), [_request(i) for i in range(5)]) == alone


def test_a_repetition_penalty_makes_seen_tokens_less_likely_whatever_their_sign() -> None:
    request = _request(0, temperature=0.0, repetition_penalty=2.0)
    assert isinstance(request.state, TextState)
    request.state.seen = torch.tensor([True, False, False])
    assert sample(torch.tensor([[3.0, 2.0, 1.0]]), [request]) == [1]
    assert sample(torch.tensor([[-1.0, -1.5, -9.0]]), [request]) == [1]


def _seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _request(i: int, **changes: object) -> Request[TextParams]:
    wanted = params([0], **{"temperature": 0.5 * i, "top_p": 0.9, **changes})
    request = Request(i, wanted, deadline=0.0)
    request.state = TextState([], _seeded(i))
    return request
