"""A request's way from words to pixels: encode_prompt, prepare_latents, denoise, decode_latents."""

import logging
from collections.abc import Generator

import numpy as np
import torch
from torch import Tensor

from service.engine.events import Picture, Pixels
from service.engine.params import Edit, ImageParams
from service.engine.request import Request
from service.pipelines.diffusion.autoencoder import (
    decode_latents,
    decode_tiled,
    decoder_layers,
    encoder_layers,
)
from service.pipelines.diffusion.latents import prepare_edit, prepare_frames
from service.pipelines.diffusion.model import DiffusionModel
from service.pipelines.diffusion.painting import Guide, Painting
from service.pipelines.diffusion.preview import to_pixels
from service.pipelines.diffusion.prompts import encode_negative, encode_prompt
from service.pipelines.memory import is_out_of_memory, release

# Frames that are denoised together, behind one more row for their anchor.
GROUP = 4

# Each value is what the next step is: denoising this painting, or work of the request's own.
Stages = Generator[Painting | None, None, None]
log = logging.getLogger(__name__)


def paint(model: DiffusionModel, request: Request[ImageParams]) -> Stages:
    """Yields before every step; a painting comes back complete. Emits a picture for each frame."""
    params = request.params
    guide = encode_guide(model, params)
    yield None
    for frames in frame_groups(params.num_frames):
        if params.edit is not None:
            painting = yield from prepare_edit(model, params, guide, params.edit)
        else:
            painting = prepare_frames(model, params, guide, frames)
        yield painting
        for frame, latents in list(zip(frames, painting.latents, strict=True))[-new_frames(frames) :]:
            pixels = yield from _decode(model, latents[None])
            picture = _picture(pixels, params)
            last = frame == params.num_frames - 1
            request.emit(Picture(picture, frame, last))
            if not last:
                yield None


def encode_guide(model: DiffusionModel, params: ImageParams) -> Guide:
    """What steers the request; at a guidance of 1 and below there is no negative half."""
    positive = encode_prompt(model, params.prompt)
    negative = None
    if params.guidance_scale > 1:
        negative = encode_negative(model, params.negative_prompt, positive)
    width, height = model.padded(params.width, params.height)
    time_ids = torch.tensor([height, width, 0, 0, height, width], dtype=torch.float32)
    return Guide(positive, negative, params.guidance_scale, time_ids)


def frame_groups(num_frames: int) -> list[list[int]]:
    """Frames that are painted together: the first alone, as an image is; later ones behind it."""
    later = range(1, num_frames)
    return [[0], *([0, *later[at : at + GROUP]] for at in range(0, len(later), GROUP))]


def new_frames(frames: list[int]) -> int:
    """How many frames of a group are to be shown: the anchor has been, unless it is alone."""
    return max(1, len(frames) - 1)


def count_steps(model: DiffusionModel, params: ImageParams) -> int:
    """The steps that a request takes in all, denoising and its own."""
    groups = len(frame_groups(params.num_frames))
    preparing = groups if params.edit is None else len(encoder_layers(model.vae))
    decoding = len(decoder_layers(model.vae)) * params.num_frames
    return 1 + preparing + groups * count_calls(model, params) + decoding


def count_calls(model: DiffusionModel, params: ImageParams) -> int:
    """The UNet calls of one image: noise schedulers of second order take two a step but for the last."""
    return model.order * params.steps_to_run - (model.order - 1)


def _decode(model: DiffusionModel, latents: Tensor) -> Generator[None, None, Tensor]:
    try:
        return (yield from decode_latents(model.vae, latents))
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
    log.warning("an image of %s latents is decoded in tiles: memory is short", tuple(latents.shape[2:]))
    release()
    return decode_tiled(model.vae, latents)


def _picture(pixels: Tensor, params: ImageParams) -> Pixels:
    picture = to_pixels(pixels[0], params.width, params.height)
    return picture if params.edit is None else _with_kept(picture, params.edit)


def _with_kept(picture: Pixels, edit: Edit) -> Pixels:
    """Puts the sent pixels back where the mask keeps them: the autoencoder changes all a little."""
    if edit.mask is None:
        return picture
    painted = np.frombuffer(picture.data, np.uint8).reshape(picture.height, picture.width, 3)
    kept = np.asarray(edit.mask)[..., None] == 0
    return Pixels(picture.width, picture.height, np.where(kept, np.asarray(edit.image), painted).tobytes())
