"""Draws the next tokens of all requests at once, where their logits are: no row waits for the host.

What is drawn is what `sampling.draw` draws, of the whole vocabulary in falling order: there is one wait in a
step, for the tokens. Sums are of doubles, whose last digits decide nothing.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from service.engine.params import TextParams
from service.pipelines.text.batch import TextRequest, state_of
from service.pipelines.text.staging import to_device


def sample_together(logits: Tensor, requests: Sequence[TextRequest]) -> list[int]:
    """The next token of each request. logits: [requests, vocabulary], any float type or device."""
    if not requests:
        return []
    logits = _penalised(logits.float(), requests)
    tokens = logits.argmax(-1)
    if any(request.params.temperature > 0 for request in requests):
        wanted = to_device([_numbers(request) for request in requests], logits.device, torch.float64)
        tokens = torch.where(wanted[:, 0] > 0, _drawn(logits, wanted), tokens)
    found: list[int] = tokens.tolist()
    return found


def _numbers(request: TextRequest) -> list[float]:
    params = request.params
    return [params.temperature, params.top_k, params.top_p, params.min_p, _point(request)]


def _point(request: TextRequest) -> float:
    """From the request's own generator, so that the numbers do not depend on the others."""
    if request.params.temperature == 0:
        return 0.0
    return float(torch.rand(1, generator=state_of(request).generator, dtype=torch.float64))


def _drawn(logits: Tensor, wanted: Tensor) -> Tensor:
    """wanted: float64 [requests, 5], as `_numbers`. Returns tokens [requests]."""
    temperature, top_k, top_p, min_p, point = wanted[..., None].unbind(1)
    temperature = torch.where(temperature > 0, temperature, 1.0).float()
    probabilities = torch.softmax((logits - logits.amax(-1, keepdim=True)) / temperature, -1)
    kept, ids = probabilities.sort(dim=-1, descending=True, stable=True)
    cumulative = kept.double().cumsum(-1)
    last = _kept(kept, cumulative, top_k, top_p, min_p) - 1
    point = point * cumulative.gather(-1, last)
    index = (cumulative <= point).sum(-1, keepdim=True).minimum(last)
    tokens: Tensor = ids.gather(-1, index)[:, 0]
    return tokens


def _kept(kept: Tensor, cumulative: Tensor, top_k: Tensor, top_p: Tensor, min_p: Tensor) -> Tensor:
    """How many of the likeliest the filters leave [requests, 1]; each of them leaves a beginning."""
    size = kept.shape[-1]
    limit = torch.where(top_k > 0, top_k, size).clamp(max=size).long()
    total = torch.where(top_k > 0, cumulative.gather(-1, limit - 1), 1.0)
    before = cumulative - kept
    passed = (before < top_p * total) | (top_p >= 1)
    passed &= torch.arange(size, device=kept.device) < limit
    passed &= kept >= min_p.float() * kept[:, :1]
    return passed.sum(-1, keepdim=True).clamp(min=1)


def _penalised(logits: Tensor, requests: Sequence[TextRequest]) -> Tensor:
    """With the scores of tokens lowered that a request has seen; the others' rows as they are."""
    marked = [(row, seen) for row, r in enumerate(requests) if (seen := state_of(r).seen) is not None]
    if not marked:
        return logits
    rows = to_device([row for row, _ in marked], logits.device)
    seen = torch.stack([marks for _, marks in marked])
    penalty = [_penalty(requests[row].params) for row, _ in marked]
    penalties = to_device(penalty, logits.device, torch.float32)
    scores = logits[rows]
    lowered = torch.where(scores > 0, scores / penalties, scores * penalties)
    return logits.index_copy(0, rows, torch.where(seen, lowered, scores))


def _penalty(params: TextParams) -> list[float]:
    return [params.repetition_penalty]
