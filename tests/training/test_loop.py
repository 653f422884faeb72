"""The training loop: it goes on from where it was stopped, and averages."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from training.loop import Plan, averaged, train

CPU = torch.device("cpu")
PLAN = Plan(steps=40, rate=0.05, warmup=4, average=0.9, save_every=10)


def line() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(2, 1)


def learn(model: nn.Linear, folder: Path, plan: Plan = PLAN, stop_at: int | None = None) -> nn.Module:
    """Learns y = x1 - x2 + 1; raises KeyboardInterrupt before a step, as a user would."""

    def step(number: int) -> Tensor:
        if number == stop_at:
            raise KeyboardInterrupt
        inputs = torch.randn(32, 2, generator=torch.Generator().manual_seed(number))
        error: Tensor = model(inputs)[:, 0] - (inputs[:, 0] - inputs[:, 1] + 1)
        return error.square().mean()

    return train(model, step, plan, folder, CPU)


def test_it_learns_and_leaves_a_log(tmp_path: Path) -> None:
    learn(line(), tmp_path, Plan(steps=300, rate=0.05, warmup=10))
    lines = [json.loads(text) for text in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == list(range(25, 301, 25))
    assert lines[-1]["loss"] < 0.01 < lines[0]["loss"]


def test_stopped_and_resumed_it_ends_with_the_same_weights(tmp_path: Path) -> None:
    whole = learn(line(), tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        learn(line(), tmp_path / "parts", stop_at=25)
    resumed = learn(line(), tmp_path / "parts")
    for first, second in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(first, second)


def test_the_averaged_weights_are_what_is_exported(tmp_path: Path) -> None:
    returned = learn(line(), tmp_path)
    for first, second in zip(averaged(line(), tmp_path).parameters(), returned.parameters(), strict=True):
        assert torch.equal(first, second)


def test_the_rate_rises_stays_and_falls() -> None:
    plan = Plan(steps=1000, rate=1.0, warmup=100, decay_from=0.5, final=0.1)
    rates = [plan.rate_at(step) for step in range(1000)]
    assert rates[0] == pytest.approx(0.01)
    assert rates[100:500] == [1.0] * 400
    assert all(before > after for before, after in pairwise(rates[500:]))
    assert rates[-1] == pytest.approx(0.1, abs=0.001)
