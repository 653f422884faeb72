"""A tokenizer in CLIP's files whose vocabulary is made of the captions: most words are one token."""

import json
from pathlib import Path

import numpy as np
from tokenizers import Regex, Tokenizer
from tokenizers.models import BPE
from tokenizers.normalizers import Lowercase
from tokenizers.pre_tokenizers import ByteLevel, Sequence, Split, WhitespaceSplit
from tokenizers.trainers import BpeTrainer
from transformers import CLIPTokenizer

from service.styles import STYLES
from training.captions import caption
from training.pictures import Album

WORDS = 3072  # tokens at most, letters and the two special ones included
LENGTH = (
    48  # tokens of a prompt, fewer than CLIP's 77: what is beyond costs training time and teaches nothing
)
START, END = "<|startoftext|>", "<|endoftext|>"
_CAPTIONS = 20_000


def write_tokenizers(folder: Path, album: Album) -> None:
    """Writes `tokenizer` and `tokenizer_2`, which differ as SDXL's do: in what pads a prompt."""
    vocabulary, merges = _learn(album)
    for name, pad in (("tokenizer", END), ("tokenizer_2", "!")):
        target = folder / name
        target.mkdir(parents=True, exist_ok=True)
        special = {"bos_token": START, "eos_token": END, "unk_token": END, "pad_token": pad}
        config = {"tokenizer_class": "CLIPTokenizer", "model_max_length": LENGTH, "do_lower_case": True}
        (target / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False))
        (target / "merges.txt").write_text("\n".join(["#version: 0.2", *merges, ""]))
        (target / "special_tokens_map.json").write_text(json.dumps(special, indent=2))
        (target / "tokenizer_config.json").write_text(json.dumps(config | special, indent=2))


def load(folder: Path, name: str) -> CLIPTokenizer:
    """`name` is "tokenizer" or "tokenizer_2"."""
    found = CLIPTokenizer.from_pretrained(folder / name)
    assert isinstance(found, CLIPTokenizer)
    return found


def _learn(album: Album) -> tuple[dict[str, int], list[str]]:
    """Token to id ("!" is 0, the end of text the highest, as in CLIP's), and the merges in order."""
    random = np.random.default_rng(0)
    entries = [album.entry(7, number) for number in range(_CAPTIONS)]
    said = [caption(what.scene, what.style, random, wish=what.wish, strange=0) for what in entries]
    said += [text for style in STYLES.values() for text in (style.negative_prompt, style.prompt)] * 100
    model = Tokenizer(BPE(end_of_word_suffix="</w>"))
    model.normalizer = Lowercase()
    words = Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")
    model.pre_tokenizer = Sequence(
        [
            WhitespaceSplit(),
            Split(words, "removed", invert=True),
            ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    letters = sorted(ByteLevel.alphabet())
    trainer = BpeTrainer(
        vocab_size=WORDS - 2,
        initial_alphabet=letters,
        end_of_word_suffix="</w>",
        show_progress=False,
        min_frequency=5,
    )
    model.train_from_iterator(said, trainer)
    learned = json.loads(model.to_str())["model"]
    merges = [" ".join(pair) if isinstance(pair, list) else pair for pair in learned["merges"]]
    tokens = [*letters, *(f"{letter}</w>" for letter in letters)]
    known = set(tokens)
    for merge in merges:
        if (token := merge.replace(" ", "")) not in known:
            known.add(token)
            tokens.append(token)
    return {token: number for number, token in enumerate([*tokens, START, END])}, merges
