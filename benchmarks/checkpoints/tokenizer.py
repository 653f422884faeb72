"""A small byte-level vocabulary in the files of CLIP's tokenizer."""

import json
from pathlib import Path

from tokenizers.pre_tokenizers import ByteLevel

MERGES = [
    "t h",
    "i n",
    "a n",
    "o r",
    "s t",
    "th e</w>",
    "in g</w>",
    "an d</w>",
    "o n</w>",
    "o f</w>",
    "a t</w>",
    "c at</w>",
]
START, END = "<|startoftext|>", "<|endoftext|>"
MAX_LENGTH = 77


def vocabulary() -> dict[str, int]:
    """Token to id. "!" is 0 and the end of text has the highest id, as in CLIP's own."""
    letters = sorted(ByteLevel.alphabet())
    tokens = [*letters, *(f"{letter}</w>" for letter in letters)]
    tokens += [merge.replace(" ", "") for merge in MERGES if merge.replace(" ", "") not in tokens]
    return {token: index for index, token in enumerate([*tokens, START, END])}


def write_tokenizer(folder: Path, pad_token: str) -> None:
    """Writes what `transformers.CLIPTokenizer` reads."""
    folder.mkdir(parents=True, exist_ok=True)
    special = {"bos_token": START, "eos_token": END, "unk_token": END, "pad_token": pad_token}
    config = {"tokenizer_class": "CLIPTokenizer", "model_max_length": MAX_LENGTH, "do_lower_case": True}
    (folder / "vocab.json").write_text(json.dumps(vocabulary(), ensure_ascii=False))
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *MERGES, ""]))
    (folder / "special_tokens_map.json").write_text(json.dumps(special, indent=2))
    (folder / "tokenizer_config.json").write_text(json.dumps(config | special, indent=2))
