"""denoise: one UNet call for any number of paintings of one latent shape.

Each painting's rows lie together, its negative half before its positive one, and each row has its
own timestep, so paintings of different prompts, steps, guidance and kinds share the call.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from service.pipelines.diffusion.model import DiffusionModel
from service.pipelines.diffusion.painting import Painting
from service.pipelines.diffusion.prompts import Conditioning


def predict_noise(model: DiffusionModel, paintings: Sequence[Painting], bucket: int = 0) -> list[Tensor]:
    """The noise in each painting's latents, guided: float32, of the latents' shape.

    `bucket` pads the call to that many rows, so that its shape does not depend on who shares it.
    """
    sample = torch.cat([_sample(painting) for painting in paintings])
    timesteps = torch.cat([painting.timestep.float().expand(painting.rows) for painting in paintings])
    hidden, mask = _hidden(paintings)
    pooled = torch.cat([half.pooled.expand(n, -1) for n, half in _halves(paintings)])
    time_ids = torch.cat([painting.guide.time_ids.expand(painting.rows, -1) for painting in paintings])
    anchors = _anchors(paintings)
    filling = range(len(sample), bucket)
    if filling:
        sample, timesteps, hidden, pooled, time_ids = (
            torch.cat([x, x[:1].expand(len(filling), *x.shape[1:])])
            for x in (sample, timesteps, hidden, pooled, time_ids)
        )
        mask = None if mask is None else torch.cat([mask, mask[:1].expand(len(filling), -1)])
        anchors = None if anchors is None else [*anchors, *filling]
    device, dtype = model.device, model.dtype
    (predicted,) = model.predict(
        sample.to(device, dtype),
        timesteps.to(device),
        hidden,
        added_cond_kwargs={"text_embeds": pooled, "time_ids": time_ids.to(device, dtype)},
        encoder_attention_mask=mask,
        cross_attention_kwargs=None if anchors is None else {"anchors": torch.tensor(anchors, device=device)},
        return_dict=False,
    )
    kept = predicted.float()[: len(sample) - len(filling)]
    rows = torch.split(kept, [painting.rows for painting in paintings])
    return [_guided(painting, own) for painting, own in zip(paintings, rows, strict=True)]


def _sample(painting: Painting) -> Tensor:
    scaled = painting.scheduler.scale_model_input(painting.latents, painting.timestep)
    return torch.cat([scaled] * len(painting.guide.halves))


def _halves(paintings: Sequence[Painting]) -> list[tuple[int, Conditioning]]:
    """The images and the conditioning of each half of each painting."""
    return [(len(painting.latents), half) for painting in paintings for half in painting.guide.halves]


def _hidden(paintings: Sequence[Painting]) -> tuple[Tensor, Tensor | None]:
    """Hidden states [rows, tokens, features]; a mask [rows, tokens] where prompts differ in length."""
    rows = [half.hidden for n, half in _halves(paintings) for _ in range(n)]
    lengths = [len(row) for row in rows]
    if len(set(lengths)) == 1:
        return torch.stack(rows), None
    places = torch.arange(max(lengths))
    mask = places < torch.tensor(lengths)[:, None]
    return pad_sequence(rows, batch_first=True), mask.to(rows[0].device)


def _anchors(paintings: Sequence[Painting]) -> list[int] | None:
    """The row that each row attends to: the first of its half. None if all attend to themselves."""
    anchors: list[int] = []
    for images, _ in _halves(paintings):
        anchors += [len(anchors)] * images
    return None if len(set(anchors)) == len(anchors) else anchors


def _guided(painting: Painting, rows: Tensor) -> Tensor:
    """Classifier-free guidance (Ho and Salimans 2022, arXiv:2207.12598)."""
    if painting.guide.negative is None:
        return rows
    negative, positive = rows.chunk(2)
    return negative + painting.guide.scale * (positive - negative)
