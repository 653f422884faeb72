"""Draws the next token of each request from its own logits, with its own generator.

Each row is worked on alone, so a request's tokens do not depend on who shares the step. The filters
and their order are transformers': repetition penalty (Keskar et al. 2019, arXiv:1909.05858),
temperature, top-k, top-p (Holtzman et al. 2020, arXiv:1904.09751), min-p (arXiv:2407.01082).
"""

import torch
from torch import Tensor

from service.engine.params import TextParams
from service.pipelines.text.batch import TextRequest, state_of
from service.pipelines.text.together import sample_together

FAR_BELOW = 1e-4


def sample(logits: Tensor, requests: list[TextRequest]) -> list[int]:
    """The next token of each request. logits: [requests, vocabulary], any float type or device.

    A CPU sorts the few likeliest of a row sooner than all.
    """
    if logits.device.type != "cpu":
        return sample_together(logits, requests)
    logits = logits.float()
    for row, request in zip(logits, requests, strict=True):
        _penalise(row, request)
    tokens: list[int] = logits.argmax(-1).tolist()
    for i, request in enumerate(requests):
        if request.params.temperature > 0:
            tokens[i] = draw(logits[i], request.params, state_of(request).generator)
    return tokens


def draw(logits: Tensor, params: TextParams, generator: torch.Generator) -> int:
    """One token from logits [vocabulary] at a temperature above 0."""
    # The largest is taken off first: dividing by a tiny temperature must not overflow.
    probabilities = torch.softmax((logits - logits.max()) / params.temperature, -1)
    kept, ids = _nucleus(probabilities, params)
    kept = kept[: max(1, int((kept >= params.min_p * kept[0]).sum()))]
    cumulative = kept.double().cumsum(0)
    point = torch.rand(1, generator=generator, dtype=torch.float64) * cumulative[-1]
    index = int(torch.searchsorted(cumulative, point, right=True))
    return int(ids[min(index, len(kept) - 1)])


def _nucleus(probabilities: Tensor, params: TextParams) -> tuple[Tensor, Tensor]:
    """The likeliest probabilities that top-k and top-p keep, in falling order, and their tokens."""
    wanted = min(params.top_k or len(probabilities), len(probabilities))
    # Sorting the whole vocabulary is slow, and what is far below the likeliest is rarely kept.
    ids = (probabilities >= probabilities.max() * FAR_BELOW).nonzero()[:, 0]
    if len(ids) < wanted and (params.top_k or float(probabilities[ids].sum()) <= params.top_p):
        ids = probabilities.topk(wanted).indices.sort().values  # top-p is a share of all that top-k keeps
    kept, order = probabilities[ids].sort(descending=True, stable=True)
    kept, ids = kept[:wanted], ids[order[:wanted]]
    if params.top_p < 1:
        total = kept.double().sum() if params.top_k else 1.0
        before = kept.double().cumsum(0) - kept
        count = max(1, int((before < params.top_p * total).sum()))
        kept, ids = kept[:count], ids[:count]
    return kept, ids


def _penalise(logits: Tensor, request: TextRequest) -> None:
    seen, penalty = state_of(request).seen, request.params.repetition_penalty
    if seen is not None:
        scores = logits[seen]
        logits[seen] = torch.where(scores > 0, scores / penalty, scores * penalty)
