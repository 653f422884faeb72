"""Tokenizers for the unit tests: the embedded model's, and a small one made like Mistral's."""

import json
import os
from functools import cache
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, normalizers, processors, trainers

from service.text.tokenizer import TextTokenizer

REAL_FOLDER = Path(os.environ.get("MODELS_DIR", "models")) / "smollm2-135m-instruct"

# Mistral 7B Instruct v0.1: no system role, and it raises unless the turns alternate.
MISTRAL_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}"
    "{% endif %}{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}"
    "{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token}}"
    "{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}"
)

_WORDS = "the quick brown fox jumps over a lazy dog while [INST] seven wizards [/INST] mix boxes of ink"
_SPECIAL = ("<unk>", "<s>", "</s>")
_BYTES = tuple(f"<0x{byte:02X}>" for byte in range(256))
_SPACES = (("▁", "▁"),)
# Ordinary pieces that build the end of a text, as careless conversions leave them in vocabularies.
_TREACHEROUS = (("<", "/"), ("s", ">"), ("</", "s>"))


@cache
def real_tokenizer(context: int = 4096) -> TextTokenizer:
    """The embedded model's tokenizer."""
    return TextTokenizer.load(REAL_FOLDER, context)


def mistral_like() -> Tokenizer:
    """SentencePiece's ways in BPE: a leading space, "▁" for spaces, bytes for what is unknown."""
    vocabulary, merges = _trained()
    tokenizer = Tokenizer(
        models.BPE(vocabulary, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    )
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    tokenizer.add_special_tokens(list(_SPECIAL))
    return tokenizer


def _trained() -> tuple[dict[str, int], list[tuple[str, str]]]:
    trainee = Tokenizer(models.BPE())
    trainee.normalizer = normalizers.Replace(" ", "▁")
    trainee.train_from_iterator([_WORDS] * 2, trainers.BpeTrainer(vocab_size=300, show_progress=False))
    model = json.loads(trainee.to_str())["model"]
    merges = [*_SPACES, *map(tuple, model["merges"]), *_TREACHEROUS]
    pieces = dict.fromkeys([*_SPECIAL, *_BYTES, *"</>s", *model["vocab"], *(a + b for a, b in merges)])
    return {piece: i for i, piece in enumerate(pieces)}, merges


def write_folder(folder: Path, template: str | None = MISTRAL_TEMPLATE, **config: object) -> Path:
    """A model folder (without weights) around the small tokenizer."""
    tokenizer_config = {"bos_token": "<s>", "eos_token": {"content": "</s>"}, "chat_template": template}
    files = {
        "config.json": {"max_position_embeddings": 512, "eos_token_id": 2, **config},
        "tokenizer_config.json": tokenizer_config,
        "tokenizer.json": json.loads(mistral_like().to_str()),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
    return folder


def small_tokenizer(folder: Path, template: str | None = MISTRAL_TEMPLATE) -> TextTokenizer:
    """The small tokenizer, loaded from a model folder as a real one is."""
    return TextTokenizer.load(write_folder(folder, template), 4096)
