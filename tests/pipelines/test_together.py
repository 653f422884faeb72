"""Drawing for all requests at once, as a GPU does, against drawing for each by itself."""

import pytest
import torch

from service.engine.params import TextParams
from service.engine.request import Request
from service.pipelines.text.batch import TextState
from service.pipelines.text.sampling import sample
from service.pipelines.text.together import sample_together
from tests.pipelines.running import params

VOCABULARY = 2000
ASKED: dict[str, list[dict[str, float]]] = {
    "greedy": [{"temperature": 0.0}] * 3,
    "temperature": [{"temperature": t} for t in (1e-6, 0.3, 1.0, 2.0)],
    "top-k": [{"temperature": 1.0, "top_k": k} for k in (0, 1, 5, 50, VOCABULARY, 100_000)],
    "top-p": [{"temperature": 1.0, "top_p": p} for p in (0.0, 0.1, 0.5, 0.9, 0.99, 1.0)],
    "min-p": [{"temperature": 1.0, "min_p": p} for p in (0.0, 0.05, 0.5, 1.0)],
    "penalty": [{"temperature": t, "repetition_penalty": r} for t in (0.0, 0.8) for r in (1.0, 1.3, 2.0)],
    "all at once": [
        {"temperature": 0.7, "top_k": 40, "top_p": 0.9, "min_p": 0.02, "repetition_penalty": 1.1},
        {"temperature": 0.0, "repetition_penalty": 1.5},
        {"temperature": 1.5, "top_p": 0.8},
        {"temperature": 0.0},
    ],
}
DEVICES = [
    "cpu",
    pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")),
]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("flatness", [0.2, 3.0])
@pytest.mark.parametrize("asked", ASKED)
def test_the_tokens_are_those_of_drawing_one_by_one(asked: str, flatness: float, device: str) -> None:
    alone, together = requests(ASKED[asked], "cpu"), requests(ASKED[asked], device)
    random = torch.Generator().manual_seed(5)
    for _ in range(40):
        logits = torch.randn(len(alone), VOCABULARY, generator=random) / flatness
        expected = sample(logits.clone(), alone)
        assert sample_together(logits.to(device), together) == expected


def test_equal_logits_are_taken_in_the_order_of_the_vocabulary() -> None:
    asked = [{"temperature": 1.0, "top_k": 3}] * 2
    alone, together = requests(asked, "cpu"), requests(asked, "cpu")
    for _ in range(20):
        logits = torch.zeros(2, VOCABULARY)
        assert sample_together(logits, together) == sample(logits.clone(), alone)


def test_logits_are_left_as_they_are_and_may_be_of_half_precision() -> None:
    logits = torch.randn(1, VOCABULARY, generator=torch.Generator().manual_seed(1)).bfloat16()
    before = logits.clone()
    asked = [{"temperature": 0.9, "repetition_penalty": 1.4}]
    assert sample_together(logits, requests(asked, "cpu")) == sample(before.clone(), requests(asked, "cpu"))
    assert torch.equal(logits, before)


def test_no_requests_get_no_tokens() -> None:
    assert sample_together(torch.empty(0, VOCABULARY), []) == []


def requests(asked: list[dict[str, float]], device: str) -> list[Request[TextParams]]:
    """With the same generators each time it is called; some tokens were seen by those with a penalty."""
    made = []
    for index, changes in enumerate(asked):
        request = Request(index, params([0], **changes), deadline=0.0)
        seen = None
        if request.params.repetition_penalty != 1:
            seen = torch.arange(VOCABULARY, device=device) % (3 + index) == 0
        request.state = TextState([], torch.Generator().manual_seed(index), seen)
        made.append(request)
    return made
