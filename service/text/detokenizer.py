"""From token ids to text, token by token, without ever splitting a character.

A token is bytes. Joining them and decoding UTF-8 as it arrives takes constant time a token, holds
back at most three bytes, and cannot fail: bytes that are no UTF-8 become U+FFFD. Decoding windows
of tokens instead, as is common, goes wrong where a token changes how its neighbours are decoded.
"""

import codecs
import re
from functools import lru_cache
from typing import Any

from tokenizers import Tokenizer

REMEMBERED_TOKENS = 10_000  # nearly all of what is written, in a megabyte
_SENTENCEPIECE = {"Replace", "ByteFallback", "Fuse", "Strip"}
_BYTE_FALLBACK = re.compile(r"<0x([0-9A-Fa-f]{2})>")


class TokenBytes:
    """The bytes that each token of a vocabulary stands for.

    Knows the two families of language models: byte-level BPE, and SentencePiece with byte fallback.
    Raises ValueError for a tokenizer of another family.
    """

    def __init__(self, tokenizer: Tokenizer, decoder: dict[str, Any]) -> None:
        """`decoder`: as tokenizer.json describes it."""
        self._tokenizer = tokenizer
        self._special = {id_ for id_, token in tokenizer.get_added_tokens_decoder().items() if token.special}
        steps = {step["type"]: step for step in decoder.get("decoders") or [decoder]}
        if steps.keys() != {"ByteLevel"} and not steps.keys() <= _SENTENCEPIECE:
            raise ValueError(f"tokenizer with an unknown decoder: {', '.join(steps)}")
        self._alphabet = _byte_alphabet() if "ByteLevel" in steps else None
        # SentencePiece puts a space before a text; it is no part of the text.
        self.leading_space = bool(steps.get("Strip", {}).get("start"))
        self._of = lru_cache(REMEMBERED_TOKENS)(self._spell)

    def of(self, token_id: int) -> bytes:
        """A token's bytes; none for special tokens and for ids outside the vocabulary."""
        return self._of(token_id)

    def _spell(self, token_id: int) -> bytes:
        token = None if token_id in self._special else self._tokenizer.id_to_token(token_id)
        if token is None:
            return b""
        return _byte_level(token, self._alphabet) if self._alphabet else _sentencepiece(token)


class Detokenizer:
    """The text of one answer: whole characters as soon as they are complete.

    The pieces add up to the decoded tokens without special ones; a character that is still
    incomplete at the end is left out.
    """

    def __init__(self, token_bytes: TokenBytes) -> None:
        self._token_bytes = token_bytes
        self._utf8 = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._strip_space = token_bytes.leading_space

    def push(self, token_id: int) -> str:
        """The characters that a token completes, "" if none."""
        text = self._utf8.decode(self._token_bytes.of(token_id))
        if text and self._strip_space:
            self._strip_space = False
            text = text.removeprefix(" ")
        return text


def _byte_level(token: str, alphabet: dict[str, int]) -> bytes:
    try:
        return bytes(alphabet[character] for character in token)
    except KeyError:  # an added token, spelled as itself
        return token.encode()


def _sentencepiece(token: str) -> bytes:
    if byte := _BYTE_FALLBACK.fullmatch(token):
        return bytes.fromhex(byte[1])
    return token.replace("▁", " ").encode()


def _byte_alphabet() -> dict[str, int]:
    """GPT-2's printable stand-ins: bytes that print are themselves, the others follow from U+0100."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(0x100) if byte not in printable]
    return {chr(b): b for b in printable} | {chr(0x100 + n): b for n, b in enumerate(others)}
