import random
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from service.text.text_stream import TextStream
from tests.unit.small_tokenizers import REAL_FOLDER, mistral_like, real_tokenizer, small_tokenizer


@pytest.fixture
def raw() -> Tokenizer:
    return Tokenizer.from_file(str(REAL_FOLDER / "tokenizer.json"))


def stream(ids: list[int], stop: list[str]) -> tuple[list[str], bool]:
    text = TextStream(real_tokenizer(), stop)
    pieces = []
    for id_ in ids:
        pieces.append(text.push(id_))
        if text.stopped:
            break
    return [*pieces, text.flush()], text.stopped


def test_pieces_add_up_to_the_text_without_its_end_token(raw: Tokenizer) -> None:
    ids = raw.encode("The café — naïve 😀 end.").ids
    assert "".join(stream([*ids, 2], [])[0]) == "The café — naïve 😀 end."


def test_a_stop_string_across_tokens_ends_the_text(raw: Tokenizer) -> None:
    pieces, stopped = stream(raw.encode("one two three four").ids, ["o thr", "never"])
    assert ("".join(pieces), stopped) == ("one tw", True)


def test_text_held_for_a_stop_string_is_released_at_the_end(raw: Tokenizer) -> None:
    pieces, stopped = stream([*raw.encode("one two").ids, 2], ["two and more"])
    assert ("".join(pieces[:-1]), pieces[-1], stopped) == ("one ", "two", False)


def test_a_token_that_ends_texts_adds_nothing_even_if_it_is_no_special_one(tmp_path: Path) -> None:
    fox = mistral_like().get_vocab()["fox"]
    tokenizer = small_tokenizer(tmp_path)
    tokenizer.stop_ids = frozenset({fox})
    assert TextStream(tokenizer, []).push(fox) == ""


def test_random_tokens_with_random_stop_strings_end_where_the_whole_text_says(raw: Tokenizer) -> None:
    rng = random.Random(11)
    for _ in range(300):
        ids = rng.choices(range(17, raw.get_vocab_size()), k=40)
        whole = "".join(stream(ids, [])[0])
        start = rng.randrange(len(whole))
        stop = whole[start : start + rng.randint(1, 12)]
        pieces, stopped = stream(ids, [stop])
        assert "".join(pieces) == whole[: whole.index(stop)]
        assert stopped
