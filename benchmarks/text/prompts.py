"""The prompts, made from numbers so that every run asks the same. Each begins like no other."""

import random
from collections.abc import Sequence
from dataclasses import replace

from benchmarks.text.work import Asked
from service.text.tokenizer import TextTokenizer

PROMPT_TOKENS = (20, 300)
NEW_TOKENS = (32, 128)
EVERY_S = 0.2
RUNNING = 16
RUNNING_TOKENS = 160
JOINING = 40
JOINING_TOKENS = 24
LONG_PROMPT = 128
LONG_ANSWER = 3712
LONGEST_SENTENCE = 16  # in tokens
FILLER = " and"

HEROES = (
    "sailor",
    "baker",
    "clockmaker",
    "fox",
    "gardener",
    "pilot",
    "doctor",
    "shepherd",
    "painter",
    "miner",
)
PLACES = ("harbour", "forest", "mountain", "library", "desert", "island", "market", "castle", "river", "city")
THINGS = ("lantern", "letter", "map", "key", "violin", "compass", "mirror", "book", "ring", "stone")
DEEDS = ("finds", "loses", "hides", "sells", "repairs", "carries", "steals", "remembers", "draws", "breaks")
SUBJECTS = ("rain", "bread", "the moon", "a bicycle", "bees", "music", "iron", "trade", "sleep", "a computer")
QUESTIONS = (
    "Explain to a child how {} works.",
    "Write a short poem about {}.",
    "What are three facts about {}?",
    "Write a letter to a friend about {}.",
    "Translate into French: I think about {} every day.",
    "Write a Python function that prints a line about {}.",
    "What would the world be like without {}?",
    "Describe the history of {} in a paragraph.",
    "Make a list of words that have to do with {}.",
    "Give me advice for a talk about {}.",
)


class Prompts:
    """Prompts of given lengths in tokens, the model's chat template included."""

    def __init__(self, tokenizer: TextTokenizer) -> None:
        self._tokenizer = tokenizer

    def mixed(self, count: int, words: int) -> list[Asked]:
        """Requests of mixed lengths, which other `words` leave as they are; no text begins like another."""
        return [
            self._story(
                words, index, _between(PROMPT_TOKENS, index * 0.618), _between(NEW_TOKENS, index * 0.414)
            )
            for index in range(1, count + 1)
        ]

    def joining(self, words: int) -> list[Asked]:
        """Some that run from the start, then some that come one after another while they do."""
        asked = []
        for index in range(RUNNING + JOINING):
            length = _between(PROMPT_TOKENS, index * 0.618)
            joins = index - RUNNING + 1
            tokens = JOINING_TOKENS if joins > 0 else RUNNING_TOKENS
            asked.append(replace(self._story(words, index, length, tokens), at=max(0, joins) * EVERY_S))
        return asked

    def long(self, count: int, words: int) -> list[Asked]:
        """Equal requests for answers that fill a context of thousands of tokens."""
        return [self._story(words, index, LONG_PROMPT, LONG_ANSWER) for index in range(count)]

    def quality(self) -> list[tuple[int, ...]]:
        """A hundred questions of ten kinds, as token ids."""
        asked = [question.format(subject) for question in QUESTIONS for subject in SUBJECTS]
        return [self._tokenizer.encode_prompt(one) for one in asked]

    def _story(self, words: int, index: int, length: int, new_tokens: int) -> Asked:
        """A prompt of exactly `length` tokens, or of the fewest that say what is asked."""
        draw = random.Random(words * 1000 + index)
        text = (
            f"Story {words:04}{index:03}: write a very long and detailed story of many chapters about this."
        )
        while len(ids := self._tokenizer.encode_prompt(text)) + LONGEST_SENTENCE <= length:
            text += "".join(f" {_sentence(draw)}" for _ in range((length - len(ids)) // LONGEST_SENTENCE))
        text += FILLER * (length - len(ids))  # a token each
        return Asked(text, self._tokenizer.encode_prompt(text), new_tokens)


def _between(limits: Sequence[int], place: float) -> int:
    """Spread over the limits, one value after another far from the last."""
    low, high = limits
    return round(low + (high - low) * (place % 1))


def _sentence(words: random.Random) -> str:
    hero, place, thing = words.choice(HEROES), words.choice(PLACES), words.choice(THINGS)
    return f"The {hero} {words.choice(DEEDS)} a {thing} in the {place}."
