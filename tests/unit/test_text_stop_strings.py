import random
import time

import pytest

from service.text.stop_strings import StopStrings


def run(stop: list[str], pieces: list[str]) -> tuple[list[str], bool]:
    watch = StopStrings(stop)
    sent = [watch.push(piece) for piece in pieces]
    return [*sent, watch.flush()], watch.stopped


def naive(stop: list[str], text: str) -> str:
    """The text before the stop string that is complete first, the longest of several."""
    for end in range(len(text) + 1):
        ending = [s for s in stop if text[:end].endswith(s)]
        if ending:
            return text[: end - max(map(len, ending))]
    return text


@pytest.mark.parametrize(
    ("stop", "pieces", "sent", "stopped"),
    [
        ([], ["a", "b"], ["a", "b", ""], False),
        (["END"], ["some", "END", "more"], ["some", "", "", ""], True),
        (["END"], ["some E", "N", "D and"], ["some ", "", "", ""], True),
        (["END"], ["some E", "Nough"], ["some ", "ENough", ""], False),
        (["END"], ["at the EN"], ["at the ", "EN"], False),
        (["\n\n"], ["a\n", "b\n", "\nc"], ["a", "\nb", "", ""], True),
        (["aab"], ["aaab"], ["a", ""], True),
        (["aab"], ["a", "a", "a", "b"], ["", "", "a", "", ""], True),
        (["ab", "b"], ["xab"], ["x", ""], True),
        (["é"], ["caf", "é!"], ["caf", "", ""], True),
    ],
)
def test_text_ends_before_the_stop_string(
    stop: list[str], pieces: list[str], sent: list[str], stopped: bool
) -> None:
    assert run(stop, pieces) == (sent, stopped)


def test_random_texts_end_at_the_same_place_however_they_are_cut() -> None:
    rng = random.Random(9)
    for _ in range(3000):
        stop = ["".join(rng.choices("abc", k=rng.randint(1, 5))) for _ in range(rng.randint(0, 4))]
        text = "".join(rng.choices("abc", k=rng.randint(0, 30)))
        cuts = sorted(rng.choices(range(len(text) + 1), k=rng.randint(0, 8)))
        pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
        sent, stopped = run(stop, pieces)
        assert "".join(sent) == naive(stop, text)
        assert stopped == (naive(stop, text) != text)


def test_no_more_is_held_than_could_begin_a_stop_string() -> None:
    rng = random.Random(10)
    for _ in range(500):
        stop = ["".join(rng.choices("ab", k=rng.randint(1, 6))) for _ in range(3)]
        watch, seen, sent = StopStrings(stop), "", ""
        for character in rng.choices("ab", k=20):
            seen += character
            sent += watch.push(character)
            held = seen[len(sent) :]
            if not watch.stopped:
                assert held == "" or any(s.startswith(held) for s in stop)
                assert not any(seen.endswith(s[:n]) for s in stop for n in range(len(held) + 1, len(s)))


def test_the_most_stop_strings_cost_little_on_the_worst_text() -> None:
    watch = StopStrings(["a" * 255 + letter for letter in "bcdefghijklmnopq"])
    started = time.monotonic()
    for _ in range(2000):
        watch.push("a")
    assert time.monotonic() - started < 2
