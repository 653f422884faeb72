"""What makes the UNet fast on a GPU, without changing what it computes."""

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor, nn

Predict = Callable[..., tuple[Tensor]]
Shape = tuple[int, ...]
WINDOW = 77  # tokens of a prompt that CLIP reads at once
log = logging.getLogger(__name__)


def lay_out(*modules: nn.Module) -> None:
    """Channels last: the layout that GPU convolutions want."""
    for module in modules:
        module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


class Compiled:
    """The UNet, compiled for the shapes it was warmed up with and as it is for all others.

    A shape takes minutes to compile the first time, which no request should wait for. What was
    compiled is kept in `cache` for the next start.
    """

    def __init__(self, unet: UNet2DConditionModel, cache: Path) -> None:
        os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(cache))
        os.environ.setdefault("TORCHINDUCTOR_FX_GRAPH_CACHE", "1")
        self._eager = cast(Predict, unet)
        self._compiled = cast(Predict, torch.compile(unet, mode="max-autotune", dynamic=False))
        self._shapes: set[Shape] = set()

    def warm_up(self, shape: Shape, call: Callable[[], None]) -> None:
        """Compiles for samples of `shape`, by running `call`, which makes such a call."""
        began = time.monotonic()
        log.info("compiling the UNet for %s: minutes the first time, then from the cache", shape)
        self._shapes.add(shape)
        call()
        log.info("compiled for %s in %.0f s", shape, time.monotonic() - began)

    def __call__(self, sample: Tensor, timestep: Tensor, hidden: Tensor, **options: object) -> tuple[Tensor]:
        """As the UNet; frames, whose rows look at other rows, and long prompts run as they are."""
        plain = hidden.shape[1] == WINDOW and options["cross_attention_kwargs"] is None
        known = plain and tuple(sample.shape) in self._shapes
        return (self._compiled if known else self._eager)(sample, timestep, hidden, **options)
