"""From a prompt or a conversation to token ids, with the model's own tokenizer and template."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from service.text.chat_template import ChatTemplate, ChatTurn, read_chat_template
from service.text.detokenizer import TokenBytes
from service.text.masking import Masking


class PromptTooLong(Exception):
    """More characters than the context can hold, whatever they are: refused before tokenising."""

    def __init__(self, characters: int, most: int) -> None:
        super().__init__(f"{characters} characters, the context holds at most {most}")
        self.characters = characters
        self.most = most


class TextTokenizer:
    """A model's tokenizer. Safe to use from several threads at once.

    Words from users never become special tokens, however they are spelled.
    """

    def __init__(
        self,
        description: dict[str, Any],
        template: ChatTemplate | None,
        stop_tokens: Iterable[str | int],
        context_tokens: int,
    ) -> None:
        """`description`: the content of tokenizer.json. `stop_tokens` (contents or ids) end an answer.

        `context_tokens` bounds prompt and answer together.
        """
        self._template = template
        self._masking = Masking(description, template.source if template else "")
        self._tokenizer = self._masking.tokenizer(description)
        vocabulary = self._tokenizer.get_vocab()
        self._longest_token = max(map(len, vocabulary))
        self.token_bytes = TokenBytes(self._tokenizer, description["decoder"] or {"type": "none"})
        ids = (vocabulary.get(token) if isinstance(token, str) else token for token in stop_tokens)
        self.stop_ids = frozenset(id_ for id_ in ids if id_ is not None)
        self.context_tokens = context_tokens

    @classmethod
    def load(cls, folder: Path, context_limit: int) -> "TextTokenizer":
        """Reads a model folder; the context is the smaller of the model's and `context_limit`.

        Raises OSError if a file is missing and ValueError if one is not what it should be.
        """
        config = _read_json(folder / "config.json")
        generation_config = _read_json(folder / "generation_config.json", optional=True)
        tokenizer_config = _read_json(folder / "tokenizer_config.json")
        special_tokens = _special_tokens(tokenizer_config)
        source = read_chat_template(folder, tokenizer_config)
        eos = special_tokens.get("eos_token")
        return cls(
            _read_description(folder / "tokenizer.json"),
            ChatTemplate(source, special_tokens) if source else None,
            [*_eos_ids(config), *_eos_ids(generation_config), *([eos] if eos else [])],
            min(context_limit, config.get("max_position_embeddings", context_limit)),
        )

    @property
    def has_template(self) -> bool:
        """Whether the model has a chat template, without which it takes no conversations."""
        return self._template is not None

    def encode_prompt(self, prompt: str) -> tuple[int, ...]:
        """A prompt as the single user turn; without a template, as text to continue.

        Raises PromptTooLong.
        """
        if self._template is not None:
            return self.encode_chat([ChatTurn("user", prompt)])
        return self.encode_text(prompt)

    def encode_text(self, text: str) -> tuple[int, ...]:
        """Text to continue as it stands, whether the model has a template or not.

        Raises PromptTooLong.
        """
        self._check_length([text])
        return self._encode(self._masking.mask(text), add_special_tokens=True)

    def encode_chat(self, turns: Sequence[ChatTurn]) -> tuple[int, ...]:
        """A conversation in the model's template, which has to have one.

        Raises PromptTooLong.
        """
        assert self._template is not None, "the model has no chat template"
        self._check_length([turn.content for turn in turns])
        masked = [replace(turn, content=self._masking.mask(turn.content)) for turn in turns]
        # The template writes every special token itself, the one that begins a text included.
        return self._encode(self._template.render(masked), add_special_tokens=False)

    def _encode(self, text: str, *, add_special_tokens: bool) -> tuple[int, ...]:
        # Only the batch call lets other threads run meanwhile; `fast` leaves out character offsets.
        (encoding,) = self._tokenizer.encode_batch_fast([text], add_special_tokens=add_special_tokens)
        return tuple(encoding.ids)

    def _check_length(self, texts: Iterable[str]) -> None:
        characters, most = sum(map(len, texts)), self._longest_token * self.context_tokens
        if characters > most:
            raise PromptTooLong(characters, most)


def _read_description(path: Path) -> dict[str, Any]:
    description = _read_json(path)
    if not {"added_tokens", "decoder", "model"} <= description.keys():
        raise ValueError(f"{path.name} does not describe a tokenizer")
    return description


def _read_json(path: Path, *, optional: bool = False) -> dict[str, Any]:
    if optional and not path.is_file():
        return {}
    content = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise ValueError(f"{path.name} is not a JSON object")
    return content


def _special_tokens(tokenizer_config: dict[str, Any]) -> dict[str, str]:
    """The named ones, such as `bos_token`: written as a string or as an object with `content`."""
    named = {key: value for key, value in tokenizer_config.items() if key.endswith("_token")}
    contents = {key: value["content"] if isinstance(value, dict) else value for key, value in named.items()}
    return {key: content for key, content in contents.items() if isinstance(content, str)}


def _eos_ids(config: dict[str, Any]) -> list[int]:
    ids = config.get("eos_token_id")
    return ids if isinstance(ids, list) else [] if ids is None else [ids]
