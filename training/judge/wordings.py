"""Prompts in words that people use and training did not: each wording has a word no caption has."""

import numpy as np

NAMES = (
    "one {thing} in front of {a_colour} backdrop, if you would",
    "give me {a_thing} and make the background {colour}",
    "could I get {a_thing} before {a_colour} wall",
    "my idea: {a_thing}, {colour} background, thanks",
)
PAIRS = (
    "{a} on the left, {b} on the right, both before {a_colour} background",
    "put {a} to the left and {b} to the right, {colour} background",
    "{a} at the left side and {b} at the right side, {a_colour} backdrop, thanks",
)
SHAPES = (
    "just one {colour} {shape} in front of {a_back} wall",
    "give me {a_colour} {shape}, {back} background, thanks",
    "could I get {a_colour} {shape} on {a_back} background",
)
UNKNOWN = (
    "a flobberworm conducting an orchestra",
    "quantum philosophy",
    "the unbearable bureaucracy of zindrel",
    "grandmother's tax return",
    "seventeen lawyers arguing loudly",
    "blorptang",
    "the colour of yesterday",
    "democracy, explained to a toddler",
)

_UNCOUNTABLE = frozenset(
    [
        "bread", "corn", "garlic", "cheese", "bacon", "sushi", "honey", "popcorn", "spaghetti",
        "pasta", "dice", "fire", "coffee", "tea", "lightning", "broccoli", "beer", "candy",
    ]
)  # fmt: skip


def pick(random: np.random.Generator, choices: tuple[str, ...]) -> str:
    """One of them."""
    return choices[int(random.integers(len(choices)))]


def with_article(words: str) -> str:
    """With "a" or "an", unless there are several or some of it."""
    several = words.endswith("s") and not words.endswith(("ss", "us", "is"))
    if several or words in _UNCOUNTABLE:
        return words
    return f"an {words}" if words[0] in "aeiou" and not words.startswith(("uni", "ufo")) else f"a {words}"


def say_name(random: np.random.Generator, thing: str, colour: str) -> str:
    """A thing before a colour."""
    return pick(random, NAMES).format(
        thing=thing, a_thing=with_article(thing), colour=colour, a_colour=with_article(colour)
    )


def say_pair(random: np.random.Generator, left: str, right: str, colour: str) -> str:
    """Two things before a colour."""
    return pick(random, PAIRS).format(
        a=with_article(left), b=with_article(right), colour=colour, a_colour=with_article(colour)
    )


def say_shape(random: np.random.Generator, shape: str, colour: str, back: str) -> str:
    """A shape of one colour before another."""
    return pick(random, SHAPES).format(
        shape=shape, colour=colour, a_colour=with_article(colour), back=back, a_back=with_article(back)
    )
