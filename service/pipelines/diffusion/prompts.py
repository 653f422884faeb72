"""encode_prompt: words to what the UNet is conditioned on.

CLIP reads 77 tokens at once. A longer prompt is read in windows of 75 tokens between its begin and
end tokens, whose hidden states follow one another; the pooled state is the first window's.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from service.pipelines.diffusion.model import DiffusionModel, TextEncoder


@dataclass(frozen=True, slots=True)
class Conditioning:
    """A prompt as the UNet sees it: `hidden` [tokens, features], `pooled` [pooled features]."""

    hidden: Tensor
    pooled: Tensor


def encode_prompt(model: DiffusionModel, prompt: str) -> Conditioning:
    """Encodes a prompt of any length with every text encoder of the model."""
    windows = [_windows(text, prompt) for text in model.text_encoders]
    most = max(len(rows) for rows in windows)
    hidden, pooled = [], None
    for text, rows in zip(model.text_encoders, windows, strict=True):
        rows += [_window(text, [])] * (most - len(rows))
        output = text.encoder(torch.tensor(rows, device=model.device), output_hidden_states=True)
        hidden.append(output.hidden_states[-2].flatten(0, 1))
        if pooled is None and output[0].ndim == 2:
            pooled = output[0][0]
    assert pooled is not None, "one text encoder projects"
    return Conditioning(torch.cat(hidden, -1), pooled)


def encode_negative(model: DiffusionModel, prompt: str, positive: Conditioning) -> Conditioning:
    """Encodes what the image should not show; nothing at all may be zeros, as the model was trained."""
    if prompt or not model.zero_empty_negative:
        return encode_prompt(model, prompt)
    return Conditioning(torch.zeros_like(positive.hidden), torch.zeros_like(positive.pooled))


def _windows(text: TextEncoder, prompt: str) -> list[list[int]]:
    # The model's special tokens mean nothing in what users write.
    ids = text.tokenizer(prompt, add_special_tokens=False, split_special_tokens=True, verbose=False).input_ids
    size = text.tokenizer.model_max_length - 2
    return [_window(text, ids[at : at + size]) for at in range(0, max(len(ids), 1), size)]


def _window(text: TextEncoder, ids: list[int]) -> list[int]:
    tokenizer = text.tokenizer
    row = [tokenizer.bos_token_id, *ids, tokenizer.eos_token_id]
    return row + [tokenizer.pad_token_id] * (tokenizer.model_max_length - len(row))
