"""Models that run out of memory when a test wants them to."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import torch
from torch import Tensor, nn

from service.pipelines.diffusion.model import DiffusionModel

Fails = Callable[[int], bool]


class Predict:
    """A model's UNet that fails where `fails` says so of the rows of a call; `rows` has them all."""

    def __init__(self, model: DiffusionModel, fails: Fails, error: type[Exception]) -> None:
        self._unet = model.unet
        self._fails = fails
        self._error = error
        self.rows: list[int] = []

    def __call__(self, sample: Tensor, *arguments: object, **options: object) -> tuple[Tensor]:
        self.rows.append(len(sample))
        if self._fails(len(sample)):
            raise self._error("injected")
        predicted: tuple[Tensor] = self._unet(sample, *arguments, **options)
        return predicted


def with_predict(
    model: DiffusionModel,
    fails: Fails = lambda _rows: False,
    error: type[Exception] = torch.OutOfMemoryError,
) -> tuple[DiffusionModel, Predict]:
    """The model with such a UNet."""
    predict = Predict(model, fails, error)
    return replace(model, predict=predict), predict


def times(count: int) -> Fails:
    """Fails so many times, whatever the rows."""
    left = iter(range(count))
    return lambda _rows: next(left, None) is not None


@contextmanager
def layer_that_fails(layer: nn.Module, count: int) -> Iterator[None]:
    """A layer that runs out of memory the first `count` times."""
    fails = times(count)

    def refuse(_module: nn.Module, _inputs: object) -> None:
        if fails(0):
            raise torch.OutOfMemoryError("injected")

    hook = layer.register_forward_pre_hook(refuse)
    try:
        yield
    finally:
        hook.remove()
