import random
import time
from pathlib import Path

import pytest
from tokenizers import Tokenizer, decoders, models

from service.text.detokenizer import Detokenizer, TokenBytes
from service.text.tokenizer import TextTokenizer
from tests.unit.small_tokenizers import REAL_FOLDER, mistral_like, real_tokenizer, small_tokenizer

TEXTS = [
    "plain words",
    "  two spaces first",
    "naïve café",
    "中文 текст",
    "👩‍👩‍👧‍👦🇩🇪",
    "line\nline\n",
    "\x00",
]


def pieces(tokenizer: TextTokenizer, ids: list[int]) -> list[str]:
    detokenizer = Detokenizer(tokenizer.token_bytes)
    return [detokenizer.push(id_) for id_ in ids]


@pytest.fixture
def raw() -> Tokenizer:
    return Tokenizer.from_file(str(REAL_FOLDER / "tokenizer.json"))


@pytest.fixture
def small(tmp_path: Path) -> TextTokenizer:
    return small_tokenizer(tmp_path)


def test_pieces_of_random_tokens_add_up_to_the_decoded_text(raw: Tokenizer) -> None:
    rng = random.Random(1)
    for _ in range(300):
        ids = rng.choices(range(raw.get_vocab_size()), k=100)
        assert_same(pieces(real_tokenizer(), ids), raw.decode(ids))


def test_pieces_of_random_bytes_add_up_to_the_decoded_text(raw: Tokenizer) -> None:
    rng = random.Random(2)
    single = [i for token, i in sorted(raw.get_vocab().items()) if len(token) == 1]
    assert len(single) > 200
    for _ in range(300):
        ids = rng.choices(single, k=100)
        assert_same(pieces(real_tokenizer(), ids), raw.decode(ids))


def assert_same(got: list[str], decoded: str) -> None:
    """Equal, but for a character that is incomplete at the end."""
    text = "".join(got)
    assert decoded.startswith(text)
    assert decoded.removeprefix(text) in ("", "\ufffd")


@pytest.mark.parametrize("text", TEXTS)
def test_text_comes_back_in_whole_characters(raw: Tokenizer, small: TextTokenizer, text: str) -> None:
    for tokenizer, own in ((real_tokenizer(), raw), (small, mistral_like())):
        got = pieces(tokenizer, own.encode(text).ids)
        assert "".join(got) == text
        assert not any("\ufffd" in piece for piece in got)


def test_a_sentencepiece_models_random_tokens_add_up_to_the_decoded_text(small: TextTokenizer) -> None:
    rng, own = random.Random(3), mistral_like()
    whole = [i for token, i in sorted(own.get_vocab().items()) if not token.startswith("<0x")]
    for _ in range(300):
        ids = rng.choices(whole, k=50)
        assert "".join(pieces(small, ids)) == own.decode(ids)


def test_a_sentencepiece_models_random_bytes_are_decoded_as_far_as_they_make_sense(
    small: TextTokenizer,
) -> None:
    # The tokenizer itself would give up a whole run of bytes for one wrong byte at its end.
    rng, first = random.Random(4), mistral_like().get_vocab()["<0x00>"]
    for _ in range(300):
        sent = bytes(rng.choices([0x20, 0x41, 0xC3, 0xA9, 0xE2, 0x82, 0xAC, 0xF0, 0x9F, 0xFF], k=60))
        text = "".join(pieces(small, [first + byte for byte in sent]))
        whole = sent.decode(errors="replace").removeprefix(" ")
        assert whole.startswith(text)
        assert whole.removeprefix(text) in ("", "\ufffd")


def test_nothing_is_held_for_longer_than_a_character_takes(raw: Tokenizer) -> None:
    lead = raw.get_vocab()["ð"]  # 0xF0, which begins a character of four bytes, again and again
    got = pieces(real_tokenizer(), [lead] * 50)
    assert got == ["", *["\ufffd"] * 49]


def test_special_and_unknown_tokens_add_nothing(small: TextTokenizer) -> None:
    assert pieces(real_tokenizer(), [0, 1, 2, 16, 49_152, 10**6]) == [""] * 6
    assert pieces(small, [0, 1, 2, 10**6]) == [""] * 4


def test_only_the_first_space_of_a_sentencepiece_text_goes(small: TextTokenizer) -> None:
    space = mistral_like().get_vocab()["▁"]
    assert pieces(small, [1, space, space, space]) == ["", "", " ", " "]
    assert pieces(small, [mistral_like().get_vocab()["▁▁"], space]) == [" ", " "]


def test_added_tokens_are_spelled_as_they_are(raw: Tokenizer) -> None:
    raw.add_tokens(["two words"])
    assert TokenBytes(raw, {"type": "ByteLevel"}).of(raw.get_vocab()["two words"]) == b"two words"


def test_a_long_text_takes_no_longer_per_token() -> None:
    rng = random.Random(5)
    ids = rng.choices(range(49_152), k=40_000)
    started = time.monotonic()
    pieces(real_tokenizer(), ids)
    assert time.monotonic() - started < 5  # about 0.2 s; quadratic work takes minutes


def test_a_tokenizer_of_another_family_is_refused() -> None:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.decoder = decoders.WordPiece()
    with pytest.raises(ValueError, match="WordPiece"):
        TokenBytes(tokenizer, {"type": "WordPiece"})
