"""Puts the shortage into the process: before the methods of others that allocate the most."""

import functools
import weakref
from collections.abc import Callable
from typing import NoReturn

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.autoencoders.vae import Decoder, Encoder
from torch import Tensor, nn

from service.engine.params import ImageParams
from service.engine.pipeline import OutOfMemory
from service.engine.request import Request
from service.pipelines.diffusion.pipeline import DiffusionPipeline
from tests.faults.shortage import ADMISSION, BALLAST, DECODE, ENCODE, STEP, TILED, TOGETHER

FACTOR = 8  # pixels a latent
HALF = 500  # of a thousand timesteps, the last of which is 0

_filled: list[weakref.ref[Tensor]] = []


def inject() -> None:
    """Makes this process run out of memory from now on."""
    _precede(DiffusionPipeline, "start", _start)
    _precede(UNet2DConditionModel, "forward", _denoise)
    _hook(Encoder, {ENCODE: 0})
    _hook(Decoder, {DECODE: 0, TILED: TILED // 2})


def _start(pipeline: DiffusionPipeline, request: Request[ImageParams]) -> None:
    if request.params.width == ADMISSION:
        raise OutOfMemory("injected")


def _denoise(unet: nn.Module, sample: Tensor, timestep: Tensor, *_: object, **__: object) -> None:
    rows, width = sample.shape[0], sample.shape[-1] * FACTOR
    late = timestep.max() < HALF
    if (width == STEP and late) or (width == TOGETHER and (rows > 2 or _still_full())):
        _run_out()


def _run_out() -> NoReturn:
    """Fails with memory held in the frame, as the layers of a model hold theirs."""
    ballast = torch.ones(BALLAST // 4)
    _filled.append(weakref.ref(ballast))
    raise torch.OutOfMemoryError("injected")


def _still_full() -> bool:
    """Whether what a failed attempt held is held to this day."""
    return any(ballast() is not None for ballast in _filled)


def _precede(owner: type, name: str, before: Callable[..., None]) -> None:
    original: Callable[..., object] = getattr(owner, name)

    @functools.wraps(original)
    def method(*arguments: object, **options: object) -> object:
        before(*arguments, **options)
        return original(*arguments, **options)

    setattr(owner, name, method)


def _hook(coder: type, fits: dict[int, int]) -> None:
    """Makes a half of the autoencoder fail over images of these widths, in pixels.

    The value is how wide a piece of such an image may be.
    """
    name = "__init__"
    original: Callable[..., None] = getattr(coder, name)

    def check(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        width = inputs[0].shape[-1] * FACTOR
        if width in fits and width > fits[width]:
            _run_out()

    @functools.wraps(original)
    def method(self: nn.Module, *arguments: object, **options: object) -> None:
        original(self, *arguments, **options)
        middle = self.mid_block
        assert isinstance(middle, nn.Module)
        middle.register_forward_pre_hook(check)

    setattr(coder, name, method)
