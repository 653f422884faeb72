"""Keeps the special tokens that users type from meaning anything.

A tokenizer looks for its special tokens in the whole rendered text and cannot know who wrote them.
So the users' ones get a mask inside, which no special token matches, and the tokenizer's first
normaliser takes the mask out again. What is left is tokenised as the plain text that it is, and
text without special tokens is tokenised as ever.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from tokenizers import Tokenizer

# Two code points that Unicode keeps out of interchange; where a user sends them they are masked too.
_MASK = "\ufdd0\ufdd1"


class Masking:
    """The masking of one tokenizer, given as the parsed content of its tokenizer.json.

    `template_source` is the chat template: some mark turns with added tokens that are not declared
    special, and those are masked as well.
    """

    def __init__(self, description: Mapping[str, Any], template_source: str) -> None:
        self._control = frozenset(
            token["content"]
            for token in description["added_tokens"]
            if token["special"] or (token["content"].strip() and token["content"] in template_source)
        )
        spellings = "|".join(map(re.escape, (_MASK, *sorted(self._control))))
        # Wherever one begins, the character it begins with: so overlapping ones are broken too.
        self._beginnings = re.compile(f"(?={spellings})(.)", re.DOTALL)

    def mask(self, text: str) -> str:
        """The text as it may be put between a template's own special tokens."""
        return self._beginnings.sub(rf"\1{_MASK}", text)

    def tokenizer(self, description: Mapping[str, Any]) -> Tokenizer:
        """The tokenizer of that description that reads masked text. Raises ValueError if it is of none."""
        changed = {
            "added_tokens": [self._matched_raw(token) for token in description["added_tokens"]],
            "normalizer": self._unmasking(description.get("normalizer")),
            "model": self._without_merges(description["model"]),
            "truncation": None,
            "padding": None,
        }
        try:
            return Tokenizer.from_str(json.dumps({**description, **changed}))
        except Exception as error:  # tokenizers raises no narrower kind
            raise ValueError("tokenizer.json does not describe a tokenizer") from error

    def _matched_raw(self, token: dict[str, Any]) -> dict[str, Any]:
        # Matched after normalising, it would be seen with the mask already gone.
        return {**token, "normalized": token["normalized"] and token["content"] not in self._control}

    def _unmasking(self, normalizer: object) -> dict[str, Any]:
        unmask = {"type": "Replace", "pattern": {"String": _MASK}, "content": ""}
        return {"type": "Sequence", "normalizers": [unmask, normalizer] if normalizer else [unmask]}

    def _without_merges(self, model: dict[str, Any]) -> dict[str, Any]:
        # Some converted vocabularies can build a special token out of ordinary pieces.
        merges = [merge for merge in model.get("merges", ()) if _merged(merge) not in self._control]
        return {**model, "merges": merges} if "merges" in model else model


def _merged(merge: str | list[str]) -> str:
    return "".join(merge.split(" ", 1) if isinstance(merge, str) else merge)
