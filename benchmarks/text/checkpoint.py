"""A checkpoint of Mistral 7B's shape with random weights, for speed alone: what it writes means nothing."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors.torch import save_file
from tqdm import tqdm
from transformers import MistralConfig

SPREAD = 0.02
INDEX = "model.safetensors.index.json"
TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "generation_config.json")


def write_mistral(folder: Path, tokenizer: Path, config: MistralConfig | None = None) -> None:
    """Writes 14.5 GB of bfloat16 unless they are there: a file a layer, the tokenizer of another folder.

    `config` None is Mistral 7B Instruct v0.1's, with that tokenizer's vocabulary.
    """
    if (folder / INDEX).exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    config = config or _config(tokenizer)
    config.save_pretrained(folder)
    for name in TOKENIZER:
        shutil.copyfile(tokenizer / name, folder / name)
    where: dict[str, str] = {}
    files = list(_files(config))
    for number, shapes in enumerate(tqdm(files, desc="weights", unit="file", ncols=80)):
        name = f"model-{number + 1:05}-of-{len(files):05}.safetensors"
        save_file(
            {key: _values(shape, number) for key, shape in shapes.items()}, folder / name, {"format": "pt"}
        )
        where |= dict.fromkeys(shapes, name)
    (folder / INDEX).write_text(json.dumps({"metadata": {}, "weight_map": where}))


def _config(tokenizer: Path) -> MistralConfig:
    """transformers' defaults are Mistral 7B v0.1's."""
    small = json.loads((tokenizer / "config.json").read_text())
    return MistralConfig(
        vocab_size=small["vocab_size"],
        bos_token_id=small["bos_token_id"],
        eos_token_id=small["eos_token_id"],
        sliding_window=4096,
        architectures=["MistralForCausalLM"],
        dtype="bfloat16",
    )


def _files(config: MistralConfig) -> Iterator[dict[str, tuple[int, ...]]]:
    """The shapes of the tensors of each file: the outer ones, then the layers."""
    hidden, inner, words = config.hidden_size, config.intermediate_size, config.vocab_size
    head = config.head_dim or hidden // config.num_attention_heads
    queries, keys = config.num_attention_heads * head, config.num_key_value_heads * head
    yield {
        "model.embed_tokens.weight": (words, hidden),
        "model.norm.weight": (hidden,),
        "lm_head.weight": (words, hidden),
    }
    for number in range(config.num_hidden_layers):
        layer = f"model.layers.{number}"
        yield {
            f"{layer}.input_layernorm.weight": (hidden,),
            f"{layer}.post_attention_layernorm.weight": (hidden,),
            f"{layer}.self_attn.q_proj.weight": (queries, hidden),
            f"{layer}.self_attn.k_proj.weight": (keys, hidden),
            f"{layer}.self_attn.v_proj.weight": (keys, hidden),
            f"{layer}.self_attn.o_proj.weight": (hidden, queries),
            f"{layer}.mlp.gate_proj.weight": (inner, hidden),
            f"{layer}.mlp.up_proj.weight": (inner, hidden),
            f"{layer}.mlp.down_proj.weight": (hidden, inner),
        }


def _values(shape: tuple[int, ...], seed: int) -> torch.Tensor:
    """Norms are ones; the rest is normal, as before training."""
    if len(shape) == 1:
        return torch.ones(shape, dtype=torch.bfloat16)
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator).mul_(SPREAD).to(torch.bfloat16)
