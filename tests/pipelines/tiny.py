"""A small random Mistral with a sliding window, and passes over it."""

from dataclasses import replace
from pathlib import Path

import torch
from transformers import MistralConfig, MistralForCausalLM

from service.pipelines.text.batch import Batch
from service.pipelines.text.kv_cache import KVCache
from service.pipelines.text.llama import Llama
from service.pipelines.text.loading import load_model
from tests.pipelines.running import engine_of

CONFIG = MistralConfig(
    vocab_size=320,
    hidden_size=64,
    intermediate_size=96,
    num_hidden_layers=3,
    num_attention_heads=4,
    num_key_value_heads=2,
    sliding_window=100,
    eos_token_id=None,
    pad_token_id=0,
)
PAGES = 16


def save(folder: Path) -> Path:
    """Writes the model."""
    torch.manual_seed(1)
    model = MistralForCausalLM(CONFIG)
    for name, value in model.named_parameters():
        torch.nn.init.normal_(value, 1.0 if "norm" in name else 0.0, 0.1)
    model.save_pretrained(folder)
    return folder


def tiny(folder: Path, dtype: str = "float32", device: str = "cpu") -> Llama:
    """The model, loaded."""
    model = load_model(replace(engine_of(save(folder), dtype), device=device))
    assert isinstance(model, Llama)
    return model


def cache_of(model: Llama) -> KVCache:
    """An empty cache with a spare page."""
    return KVCache(model.shape.kv, PAGES, model.dtype, model.device, spare=True)


def read(model: Llama, cache: KVCache, table: list[int], length: int) -> None:
    """Reads a prompt of this length into the pages."""
    batch = Batch()
    batch.add(table, prompt_of(length), 0)
    model.logits(batch, cache)


def prompt_of(length: int) -> list[int]:
    """Its tokens."""
    return [(7 * i + length) % 320 for i in range(length)]


def answers_of(asked: list[tuple[list[int], int]]) -> Batch:
    """The next token of each: its pages and how many tokens it has."""
    batch = Batch()
    for table, length in asked:
        batch.add(table, [length % 320], length)
        batch.answers += 1
        batch.sample()
    return batch
