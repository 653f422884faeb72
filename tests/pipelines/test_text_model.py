"""The lean forward pass against transformers' models, with random weights."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    PreTrainedModel,
)

from service.pipelines.text import load
from service.pipelines.text.batch import Batch
from service.pipelines.text.fallback import Fallback
from service.pipelines.text.llama import Llama
from service.pipelines.text.loading import cache_for, load_model
from service.pipelines.text.model import TextModel
from tests.pipelines.running import engine_of, generated, params, run, tokens

SIZES: dict[str, Any] = {
    "vocab_size": 300,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "eos_token_id": None,
    "pad_token_id": 0,
}
LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 10000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}
ARCHITECTURES: dict[str, tuple[LlamaConfig | MistralConfig, type[TextModel]]] = {
    "llama": (LlamaConfig(**SIZES, tie_word_embeddings=True), Llama),
    "llama with stretched positions": (LlamaConfig(**SIZES, rope_parameters=LLAMA3), Llama),
    "llama with biases": (LlamaConfig(**SIZES, attention_bias=True, mlp_bias=True), Fallback),
    "mistral with a sliding window": (MistralConfig(**SIZES, head_dim=24, sliding_window=16), Llama),
}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_any_llama_or_mistral_checkpoint_answers_as_transformers_does(
    tmp_path: Path, architecture: str
) -> None:
    config, _ = ARCHITECTURES[architecture]
    torch.manual_seed(1)
    reference = random_model(config)
    reference.save_pretrained(tmp_path)
    pipeline = load(engine_of(tmp_path))
    prompts = [[(7 * i + length) % 300 for i in range(length)] for length in (5, 60, 150, 300)]
    asked = [params(prompt, max_tokens=20) for prompt in prompts]
    for wanted, events in zip(asked, run(pipeline, asked), strict=True):
        assert tokens(events) == generated(reference, wanted)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize(("dtype", "apart"), [("float32", 1e-5), ("bfloat16", 0.1)])
def test_every_logit_of_a_pass_over_prompts_and_answers_is_that_of_transformers(
    tmp_path: Path, architecture: str, dtype: str, apart: float
) -> None:
    config, kind = ARCHITECTURES[architecture]
    torch.manual_seed(2)
    reference = random_model(config).to(getattr(torch, dtype))
    reference.save_pretrained(tmp_path)
    model = load_model(engine_of(tmp_path, dtype))
    assert type(model) is kind
    for tokens_of_prompt in (1, 40, 150):
        ids = torch.randint(300, (tokens_of_prompt,)).tolist()
        with torch.inference_mode():
            expected = reference(torch.tensor([ids])).logits[0]
            found = logits_in_parts(model, ids)
        torch.testing.assert_close(found, expected, atol=apart, rtol=0)


def random_model(config: LlamaConfig | MistralConfig) -> PreTrainedModel:
    """A model whose every number, biases and norms too, is drawn at random."""
    model: PreTrainedModel = (
        MistralForCausalLM(config) if isinstance(config, MistralConfig) else LlamaForCausalLM(config)
    )
    for name, value in model.named_parameters():
        torch.nn.init.normal_(value, 1.0 if "norm" in name else 0.0, 0.1)
    return model


def logits_in_parts(model: TextModel, ids: list[int]) -> Tensor:
    """Of each position: the first half read as a prompt, the rest a token at a time."""
    cache = cache_for(model, 8)
    table = [5, 2, 7]
    half = len(ids) // 2
    found = []
    for start, end in ((0, half), *((at, at + 1) for at in range(half, len(ids)))):
        batch = Batch()
        if end > start:
            batch.add(table, ids[start:end], start)
            batch.answers = int(end == start + 1)
            batch.sampled_rows = list(range(end - start))
            found.append(model.logits(batch, cache))
    return torch.cat(found)
