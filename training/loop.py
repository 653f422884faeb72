"""The loop that both trainings share: resumable, with averaged weights, a log and a progress bar."""

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from tqdm import tqdm

Step = Callable[[int], Tensor]  # from a step's number to its loss


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast: `warmup` and `steps` are step counts, `average` the EMA's decay."""

    steps: int
    rate: float
    warmup: int = 200
    average: float = 0.999
    save_every: int = 250
    final: float = 0.02  # the last rate, as a share of the highest
    decay_from: float = 0.0  # the share of the steps after which the rate begins to fall

    def rate_at(self, step: int) -> float:
        """Rises in a line, stays, falls as half a cosine."""
        if step < self.warmup:
            return self.rate * (step + 1) / self.warmup
        start = self.decay_from * self.steps
        share = min(1.0, max(0.0, (step - start) / max(1.0, self.steps - start)))
        return self.rate * (self.final + (1 - self.final) * 0.5 * (1 + math.cos(math.pi * share)))


def train(model: nn.Module, step: Step, plan: Plan, folder: Path, device: torch.device) -> nn.Module:
    """Trains `model` in place up to `plan.steps`, from where `folder` left off, and returns it averaged.

    The returned model is `model` with the averaged weights. `folder` keeps `state.pt` (weights,
    averages, optimizer, step) and `log.jsonl` (every 25 steps and at the end a line with step, mean
    loss, rate and seconds).
    """
    folder.mkdir(parents=True, exist_ok=True)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=plan.rate, betas=(0.9, 0.99), weight_decay=0.01, fused=True
    )
    averages = {name: value.detach().clone() for name, value in model.named_parameters()}
    first = _resume(folder / "state.pt", model, optimizer, averages, device)
    began, recent = time.monotonic(), list[float]()
    with tqdm(total=plan.steps, initial=first, desc=folder.name, unit="step") as bar:
        for number in range(first, plan.steps):
            for group in optimizer.param_groups:
                group["lr"] = plan.rate_at(number)
            loss = step(number)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            decay = min(plan.average, (number + 1) / (number + 10))
            names, values = zip(*model.named_parameters(), strict=True)
            torch._foreach_lerp_([averages[n] for n in names], [v.detach() for v in values], 1 - decay)
            recent.append(loss.item())
            bar.update()
            last = number + 1 == plan.steps
            if (number + 1) % 25 == 0 or last:
                mean = sum(recent) / len(recent)
                line = {"step": number + 1, "loss": mean, "rate": plan.rate_at(number)}
                bar.set_postfix(loss=f"{mean:.4f}")
                with (folder / "log.jsonl").open("a") as log:
                    log.write(json.dumps(line | {"seconds": time.monotonic() - began}) + "\n")
                recent.clear()
            if (number + 1) % plan.save_every == 0 or last:
                _save(folder / "state.pt", model, optimizer, averages, number + 1)
    with torch.no_grad():
        for name, value in model.named_parameters():
            value.copy_(averages[name])
    return model.eval()


def averaged(model: nn.Module, folder: Path, within: str = "") -> nn.Module:
    """`model` with the averaged weights that `folder` has by now, ready to be used.

    `within` is the prefix of its weights' names, where `model` is a part of what was trained.

    Raises:
        FileNotFoundError: nothing was trained in `folder`.
    """
    state = torch.load(folder / "state.pt", map_location="cpu", weights_only=True)
    averages = {name: value for name, value in state["averages"].items() if name.startswith(within)}
    weights = {name.removeprefix(within): value for name, value in averages.items()}
    model.load_state_dict(weights, strict=False)
    return model.eval()


def _save(
    file: Path, model: nn.Module, optimizer: torch.optim.Optimizer, averages: dict[str, Tensor], step: int
) -> None:
    partial = file.with_suffix(".part")
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "averages": averages}
    torch.save(state | {"step": step}, partial)
    partial.rename(file)


def _resume(
    file: Path,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    averages: dict[str, Tensor],
    device: torch.device,
) -> int:
    if not file.exists():
        return 0
    state = torch.load(file, map_location=device, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    for name, value in state["averages"].items():
        averages[name].copy_(value)
    return int(state["step"])
