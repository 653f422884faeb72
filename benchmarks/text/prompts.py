"""The prompts, made from numbers so that every run asks the same. Each begins like no other."""

import random
from collections.abc import Sequence

from benchmarks.text.work import Asked
from service.text.tokenizer import TextTokenizer

PROMPT_TOKENS = (20, 300)
NEW_TOKENS = (32, 128)
PROMPT_TOKENS_A_STEP = 256
EVERY_S = 0.2
RUNNING = 16
RUNNING_TOKENS = 160
JOINING = 40
JOINING_TOKENS = 24

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

    def mixed(self, count: int, turn: int) -> list[Asked]:
        """Requests of mixed lengths; the lengths are the same in every turn, the words are not."""
        return [
            self._story(
                turn * 1000 + index,
                _between(PROMPT_TOKENS, index * 0.618),
                _between(NEW_TOKENS, index * 0.414),
            )
            for index in range(1, count + 1)
        ]

    def joining(self, turn: int) -> list[Asked]:
        """Some that run from the start, then some that come one after another while they do."""
        lengths = [_between(PROMPT_TOKENS, index * 0.618) for index in range(RUNNING + JOINING)]
        stories = [
            self._story(
                turn * 1000 + 500 + index, length, RUNNING_TOKENS if index < RUNNING else JOINING_TOKENS
            )
            for index, length in enumerate(lengths)
        ]
        return [
            Asked(one.prompt, one.ids, one.new_tokens, max(0, index - RUNNING + 1) * EVERY_S)
            for index, one in enumerate(stories)
        ]

    def of_context(self, context: int, count: int, turn: int) -> list[Asked]:
        """Equal requests of `context` tokens each, which write until all have read theirs, and 32 more."""
        steps = -(-context * count // PROMPT_TOKENS_A_STEP)
        return [
            self._story(turn * 1000 + 700 + index, context, 32 + (steps if count > 1 else 0))
            for index in range(count)
        ]

    def quality(self) -> list[tuple[int, ...]]:
        """A hundred questions of ten kinds, as token ids."""
        asked = [question.format(subject) for question in QUESTIONS for subject in SUBJECTS]
        return [self._tokenizer.encode_prompt(one) for one in asked]

    def _story(self, number: int, length: int, new_tokens: int) -> Asked:
        """Sentence after sentence until the prompt has `length` tokens; at least one."""
        words = random.Random(number)
        prompt = f"Story {number}: write a very long and detailed story, of many chapters, about this."
        ids = self._tokenizer.encode_prompt(prompt)
        each = len(self._tokenizer.encode_text(f" {_sentence(words)}"))
        while len(ids) < length:
            missing = max(1, (length - len(ids)) // (each + 2))
            prompt += "".join(f" {_sentence(words)}" for _ in range(missing))
            ids = self._tokenizer.encode_prompt(prompt)
        return Asked(prompt, ids, new_tokens)


def _between(limits: Sequence[int], place: float) -> int:
    """Spread over the limits, one value after another far from the last."""
    low, high = limits
    return round(low + (high - low) * (place % 1))


def _sentence(words: random.Random) -> str:
    hero, place, thing = words.choice(HEROES), words.choice(PLACES), words.choice(THINGS)
    return f"The {hero} {words.choice(DEEDS)} a {thing} in the {place}."
