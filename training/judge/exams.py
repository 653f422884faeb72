"""What is asked of the painter, and how many of its answers are right."""

from dataclasses import dataclass

import numpy as np

from training.colours import COLOURS
from training.judge import wordings
from training.judge.cutting import Cut, Mask, cut, halves
from training.judge.lab import NAMED, distance, name_of
from training.judge.outlines import STRICT, colour_of, shape_of, silhouette
from training.judge.references import References
from training.judge.report import Figure, Judged, Part, share
from training.judge.request import Painter, Request
from training.scenes import Backdrop, Scene, Subject
from training.shapes import SHAPES
from training.vocabulary import Thing

SEED = 770_000_000  # no training picture and no noise of training comes from these
NEAREST = 5  # names among which the right one must be
CONTRAST = 45.0  # Lab: between a shape and its background


@dataclass(frozen=True, slots=True)
class Exam:
    """Who paints, at which size (pixels a side), and what the things look like."""

    painter: Painter
    size: int
    references: References

    def ask(self, number: int, prompt: str, truth: Scene | None = None) -> Request:
        """A request with a seed of its own."""
        return Request(prompt, SEED + number, self.size, self.size, truth=truth)

    def nearest(self, found: Cut, within: Mask | None = None) -> list[Thing]:
        """The most alike things."""
        return self.references.ranked(found, within)[:NEAREST]

    def aligned(self, found: Cut, within: Mask | None = None) -> list[Thing]:
        """The most alike things, however strong their colours are."""
        return self.references.aligned(found, within)[:NEAREST]


def judge_names(exam: Exam, count: int) -> Part:
    """Single things before a named colour."""
    random = np.random.default_rng((SEED, 1))
    known = exam.references.things
    things = [known[int(n)] for n in random.permutation(len(known))[:count]]
    colours = [str(random.choice(list(COLOURS))) for _ in things]
    requests = []
    for number, (thing, colour) in enumerate(zip(things, colours, strict=True)):
        prompt = wordings.say_name(random, wordings.pick(random, thing.words), colour)
        requests.append(exam.ask(number, prompt, Scene(Backdrop(colour), (Subject(thing=thing),))))
    judged, coloured, near, alike = [], [], [], []
    pictures = zip(requests, exam.painter(requests), things, colours, strict=True)
    for request, picture, thing, colour in pictures:
        found = cut(picture)
        back = name_of(found.colour)
        near.append(exam.nearest(found))
        alike.append(exam.aligned(found))
        coloured.append(back == colour)
        right = thing in near[-1] and coloured[-1]
        seen = f"{', '.join(one.name for one in near[-1]) or 'nothing'}; {back}"
        judged.append(Judged(request, picture, right, f"{thing.name}, {colour}", seen))
    return Part(
        "names",
        (
            *_named(things, near),
            Figure("the name is among the five of likest form", _share_of(things, alike)),
            Figure("control: another picture's name is among those", _share_of(_next(things), alike)),
            Figure("the background has its colour", share(coloured), 0.95),
        ),
        tuple(judged),
    )


def _named(things: list[Thing], near: list[list[Thing]]) -> tuple[Figure, ...]:
    """How often the right name is near, and how often that of the next picture, which must be rare."""
    return (
        Figure(
            "the name is among the five nearest",
            _share_of(things, near),
            0.85,
        ),
        Figure(
            "the name is the nearest",
            share([five[:1] == [thing] for thing, five in zip(things, near, strict=True)]),
        ),
        Figure(
            "control: another picture's name is among them",
            _share_of(_next(things), near),
            0.06,
            at_most=True,
        ),
    )


def _next(things: list[Thing]) -> list[Thing]:
    """What the next picture shows."""
    return things[1:] + things[:1]


def _share_of(things: list[Thing], found: list[list[Thing]]) -> float:
    """How many things are among those found in their pictures."""
    return share([thing in five for thing, five in zip(things, found, strict=True)])


def judge_pairs(exam: Exam, count: int) -> Part:
    """Two things, each on its side."""
    random = np.random.default_rng((SEED, 2))
    known = exam.references.things
    requests, wanted = [], []
    for number in range(count):
        pair = [known[int(n)] for n in random.choice(len(known), 2, replace=False)]
        colour = str(random.choice(list(COLOURS)))
        first, second = (wordings.pick(random, thing.words) for thing in pair)
        truth = Scene(Backdrop(colour), tuple(Subject(thing=thing) for thing in pair), "beside")
        requests.append(exam.ask(2000 + number, wordings.say_pair(random, first, second, colour), truth))
        wanted.append(pair)
    judged, right, alike = [], [], []
    for request, picture, pair in zip(requests, exam.painter(requests), wanted, strict=True):
        found = cut(picture)
        sides = halves(found.mask(STRICT))
        near = [exam.nearest(found, side) for side in sides]
        formed = [exam.aligned(found, side) for side in sides]
        alike.append(all(thing in five for thing, five in zip(pair, formed, strict=True)))
        right.append([thing in five for thing, five in zip(pair, near, strict=True)])
        seen = " | ".join(", ".join(thing.name for thing in five) for five in near)
        judged.append(
            Judged(request, picture, all(right[-1]), " | ".join(thing.name for thing in pair), seen)
        )
    figures = (
        Figure("of two things both are right", share([all(both) for both in right]), 0.70),
        Figure("of two things one is right", share([one for both in right for one in both])),
        Figure("of two things both have the likest form", share(alike)),
    )
    return Part("pairs", figures, tuple(judged))


def judge_shapes(exam: Exam) -> Part:
    """Every shape in every colour."""
    random = np.random.default_rng((SEED, 3))
    judged, shaped, coloured = [], [], []
    wanted = [(shape, colour) for shape in SHAPES for colour in COLOURS]
    requests = []
    for number, (shape, colour) in enumerate(wanted):
        far = [name for name in COLOURS if distance(NAMED[name], NAMED[colour]) > CONTRAST]
        back = str(random.choice(far))
        prompt = wordings.say_shape(random, shape, colour, back)
        truth = Scene(Backdrop(back), (Subject(shape=shape, colour=colour),))
        requests.append(exam.ask(3000 + number, prompt, truth))
    for request, picture, (shape, colour) in zip(requests, exam.painter(requests), wanted, strict=True):
        found = cut(picture)
        mask = silhouette(found)
        best, filled = shape_of(mask), colour_of(found, mask)
        shape_seen = "nothing" if best is None else best[0]
        colour_seen = "no" if filled is None else name_of(filled)
        shaped.append(shape_seen == shape)
        coloured.append(colour_seen == colour)
        right = shaped[-1] and coloured[-1]
        judged.append(Judged(request, picture, right, f"{colour} {shape}", f"{colour_seen} {shape_seen}"))
    figures = (
        Figure("a shape has its colour", share(coloured), 0.95),
        Figure("a shape is the right one", share(shaped), 0.90),
    )
    return Part("shapes", figures, tuple(judged))
