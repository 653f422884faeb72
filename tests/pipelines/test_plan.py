"""How a step is packed by a plan."""

import pytest
import torch

from service.engine.params import TextParams
from service.engine.request import Request
from service.pipelines.text.batch import CPU_PLAN, GPU_PLAN, INVARIANT_PLAN, Plan, TextState, pack
from tests.pipelines.running import params

PLANS = {"cpu": CPU_PLAN, "gpu": GPU_PLAN, "invariant": INVARIANT_PLAN}


def waiting(length: int, cached: int = 0, last: int | None = None) -> Request[TextParams]:
    request = Request(0, params(range(length)), deadline=0.0)
    table = list(range(100))
    request.state = TextState(table, torch.Generator(), cached=cached, last=last)
    return request


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_prompts_alone_fill_their_budget_and_beside_answers_a_smaller_one(plan: Plan) -> None:
    prompt, answer = waiting(5000), waiting(10, cached=10, last=7)
    assert len(pack([prompt], plan).batch.token_ids) == plan.alone
    assert len(pack([prompt, answer], plan).batch.token_ids) == plan.beside + 1


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_prompts_are_split_at_blocks_wherever_they_begin_and_never_above_what_the_plan_says(
    plan: Plan,
) -> None:
    prompts = [waiting(5000, cached=64), waiting(70), waiting(1), waiting(5000, cached=640)]
    for order in (prompts, prompts[::-1], prompts[1:]):
        batch = pack(order, plan).batch
        assert len(batch.token_ids) < plan.most
        for part in batch.parts:
            assert part.start // plan.block == (part.end - 1) // plan.block


def test_beside_many_answers_more_of_a_prompt_is_read_but_never_more_than_alone() -> None:
    prompt = waiting(5000)
    for answers, tokens in ((1, 16), (16, 32), (32, 64), (200, 256)):
        running = [waiting(10, cached=10, last=7) for _ in range(answers)]
        assert len(pack([*running, prompt], CPU_PLAN).batch.token_ids) == answers + tokens


def test_of_two_prompts_the_one_with_less_left_is_read_first() -> None:
    long, short = waiting(3000), waiting(40)
    assert list(pack([long, short], CPU_PLAN).read) == [short, long]
    nearly_read = waiting(3000, cached=2990)
    assert list(pack([short, nearly_read], CPU_PLAN).read) == [nearly_read, short]


def test_a_long_prompt_is_read_although_short_ones_keep_coming() -> None:
    long, answer = waiting(160), waiting(10, cached=10, last=7)
    steps = 1
    while long not in pack([answer, long, waiting(16)], CPU_PLAN).read:
        steps += 1
        assert steps < 100
    assert steps > 1
