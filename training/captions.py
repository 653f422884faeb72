"""What people would write to get a scene: many wordings, and the service's own words for styles."""

import numpy as np

from service.styles import STYLES, apply
from training.changes import Wish
from training.colours import words_for
from training.phrases import (
    ABOVE,
    ADJECTIVES,
    BACKDROPS,
    BEFORE,
    BESIDE,
    CASUAL,
    CHANGES,
    COUNTS,
    GRADED,
    GROUND_WORDS,
    KINDS,
    ODD_PLAIN,
    ODD_WRAPS,
    PALE,
    PLAIN,
    PLURAL,
    TIME_WORDS,
    WRAPS,
)
from training.scenes import USUAL_COLOUR, Backdrop, Scene, Subject

# Words that ask for nothing in particular: the empty prompt, and what styles wish away, the usual one most.
NOTHING = (
    *[""] * 8,
    *[STYLES["realistic"].negative_prompt] * 8,
    *(style.negative_prompt for style in STYLES.values()),
)

STRANGE = 0.3  # of the wordings have words that mean nothing, and so many of those for backgrounds


def _pick(random: np.random.Generator, choices: tuple[str, ...]) -> str:
    return choices[int(random.integers(len(choices)))]


def caption(
    scene: Scene,
    style: str,
    random: np.random.Generator,
    *,
    wish: Wish | None = None,
    strange: float = STRANGE,
) -> str:
    """A prompt for the scene in a style, as it would reach the model; a wish says only what changes."""
    if wish == "style":
        said = _pick(random, CHANGES).replace("{x}", _pick(random, KINDS[style]))
        return apply(STYLES["realistic"], said, "")[0] if random.uniform() < 0.7 else said
    if wish == "backdrop":
        assert scene.backdrop.colour, "a backdrop that is wished for is plain"
        said = _pick(random, BACKDROPS).replace("{c}", _pick(random, words_for(scene.backdrop.colour)))
        return apply(STYLES[style], said, "")[0]
    words = content(scene, random, strange)
    if random.uniform() < strange:
        words = _pick(random, ODD_WRAPS).replace("{x}", words).replace("{s}", _strange(random))
    kind = random.uniform()
    if kind < 0.55:
        return apply(STYLES[style], _pick(random, WRAPS).replace("{x}", words), "")[0]
    if style == "realistic" and kind < 0.9:
        return _pick(random, WRAPS).replace("{x}", words)
    said = _pick(random, CASUAL[style]).replace("{x}", words).replace("a realistic a ", "a realistic ")
    # Who says a style in words has left the service's own at its default.
    return apply(STYLES["realistic"], said, "")[0] if kind < 0.85 else said


def content(scene: Scene, random: np.random.Generator, strange: float = 0.0) -> str:
    """What a scene shows, without its style."""
    if not scene.subjects:
        return _landscape(scene.backdrop, random)
    things = [_subject(subject, random) for subject in scene.subjects]
    if scene.layout == "row":
        thing = scene.subjects[0].thing
        assert thing, "rows are of things"
        words = f"{COUNTS[scene.count]} {_plural(_pick(random, thing.words))}"
    elif scene.layout == "one":
        words = things[0]
    else:
        words = _pair(things[0], things[1], scene.layout == "beside", random)
    return _before(words, scene.backdrop, random, strange)


def _plural(word: str) -> str:
    if word in PLURAL or word.endswith("s"):
        return word
    if word.endswith(("ch", "sh", "x")):
        return f"{word}es"
    if word.endswith("y") and word[-2] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}s"


def _a(words: str) -> str:
    return f"an {words}" if words[0] in "aeiou" and not words.startswith(("uni", "ufo")) else f"a {words}"


def _subject(subject: Subject, random: np.random.Generator) -> str:
    if subject.thing is None:
        form = subject.shape or subject.solid
        assert form, "a subject is a thing, a shape or a solid"
        assert subject.colour, "shapes and solids have a colour"
        turning = _pick(random, ("spinning ", "rotating ", "", "")) if subject.solid else ""
        unsaid = subject.solid and subject.colour == USUAL_COLOUR and random.uniform() < 0.6
        colour = "" if unsaid else _pick(random, words_for(subject.colour)) + " "
        return _a(f"{turning}{colour}{form}")
    name = _pick(random, (subject.thing.name, *subject.thing.words))
    if random.uniform() < 0.02:  # so that a word it cannot know still gives a picture
        name = _unknown(random)
    bare = random.uniform() < 0.15
    words = name if bare or name in PLURAL else _a(name)
    if not bare and name not in PLURAL and random.uniform() < 0.12:
        words = _a(f"{_pick(random, ADJECTIVES)} {name}")
    if subject.garment == "sunglasses":
        return words + _pick(random, (" wearing sunglasses", " with sunglasses", " in sunglasses"))
    if subject.garment == "hat":
        return words + _pick(random, (" wearing a hat", " with a hat", " in a top hat", " wearing a top hat"))
    return words


def _unknown(random: np.random.Generator) -> str:
    """A word that means nothing."""
    parts = [_pick(random, tuple("bcdfghklmnprstvwz")) + _pick(random, tuple("aeiou")) for _ in range(4)]
    return "".join(parts[: int(random.integers(1, 5))]) + _pick(random, ("", "", "n", "r", "st", "ck", "ing"))


def _strange(random: np.random.Generator) -> str:
    """One to four words that mean nothing; people's own wordings have words that training did not."""
    return " ".join(_unknown(random) for _ in range(int(random.integers(1, 5))))


def _pair(first: str, second: str, beside: bool, random: np.random.Generator) -> str:
    forms = BESIDE if beside else ABOVE
    return _pick(random, forms).replace("{a}", first).replace("{b}", second)


def _before(words: str, backdrop: Backdrop, random: np.random.Generator, strange: float) -> str:
    """The words for what stands there, and those for what is behind it."""
    if backdrop.ground:
        where = f"{_pick(random, BEFORE[backdrop.ground])} {_pick(random, TIME_WORDS[backdrop.time])}"
        return f"{words} {where}".strip()
    if backdrop.colour is None:
        return _pick(random, PALE).replace("{x}", words)
    first = _pick(random, words_for(backdrop.colour))
    if backdrop.second is None:
        form = _pick(random, ODD_PLAIN if random.uniform() < strange else PLAIN)
        form = form.replace("{a} {c}", _a(first)).replace("{c}", first).replace("{s}", _strange(random))
        return form.replace("{x}", words)
    second = _pick(random, words_for(backdrop.second))
    return _pick(random, GRADED).replace("{c}", first).replace("{d}", second).replace("{x}", words)


def _landscape(backdrop: Backdrop, random: np.random.Generator) -> str:
    assert backdrop.ground, "a picture without subjects is a landscape"
    place = _pick(random, GROUND_WORDS[backdrop.ground])
    if backdrop.time == "sunset" and random.uniform() < 0.5:
        over = _pick(random, ("a sunset over", "sunset over", "the sun setting over", "sunset at"))
        if over == "a sunset over" and random.uniform() < 0.4:
            over = f"a {_pick(random, ADJECTIVES)} sunset over"
        return f"{over} {place}"
    return f"{place} {_pick(random, TIME_WORDS[backdrop.time])}".strip()
