"""What is in a picture, chosen at random."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from training.colours import COLOURS
from training.grounds import GROUNDS, Ground, Time
from training.landscapes import TIMES
from training.shapes import SHAPES, SOLIDS, Shape, Solid
from training.vocabulary import HEADS, Thing

Garment = Literal["sunglasses", "hat"]
Layout = Literal["one", "beside", "above", "row"]


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing to draw: exactly one of thing, shape and solid; colours are names."""

    thing: Thing | None = None
    shape: Shape | None = None
    solid: Solid | None = None
    colour: str | None = None
    garment: Garment | None = None


@dataclass(frozen=True, slots=True)
class Backdrop:
    """A plain colour, one colour above fading into another, a landscape, or (all None) a pale studio."""

    colour: str | None = None
    second: str | None = None
    ground: Ground | None = None
    time: Time = "day"


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture before it is drawn; `layout` "row" repeats its only subject `count` times."""

    backdrop: Backdrop
    subjects: tuple[Subject, ...] = ()
    layout: Layout = "one"
    count: int = 1


USUAL_COLOUR = "red"  # of a solid whose colour nobody says

# How often each kind is drawn, of a hundred.
_KINDS = {"thing": 38, "two": 24, "set": 8, "landscape": 10, "shape": 9, "solid": 6, "wearing": 5}


def random_scene(things: tuple[Thing, ...], random: np.random.Generator) -> Scene:
    """One scene of those that the model is to learn, with some of the things."""
    kind = random.choice(list(_KINDS), p=np.array(list(_KINDS.values())) / sum(_KINDS.values()))
    if kind == "landscape":
        return Scene(_landscape(random))
    if kind == "set":
        return Scene(_landscape(random), (_thing(things, random),))
    backdrop = _plain(random)
    if kind == "two":
        layout: Layout = "beside" if random.uniform() < 0.7 else "above"
        return Scene(backdrop, (_any(things, random, backdrop), _any(things, random, backdrop)), layout)
    if kind == "shape":
        return Scene(backdrop, (_shape(random, backdrop),))
    if kind == "solid":
        return Scene(backdrop, (_solid(random, backdrop),))
    if kind == "wearing":
        head = HEADS[int(random.integers(len(HEADS)))]
        garment: Garment = "sunglasses" if random.uniform() < 0.65 else "hat"
        return Scene(backdrop, (Subject(thing=head.thing, garment=garment),))
    if random.uniform() < 0.1:
        return Scene(backdrop, (_thing(things, random),), "row", int(random.integers(2, 5)))
    return Scene(backdrop, (_thing(things, random),))


def _thing(things: tuple[Thing, ...], random: np.random.Generator) -> Subject:
    return Subject(thing=things[int(random.integers(len(things)))])


def _any(things: tuple[Thing, ...], random: np.random.Generator, backdrop: Backdrop) -> Subject:
    return _thing(things, random) if random.uniform() < 0.85 else _shape(random, backdrop)


def _shape(random: np.random.Generator, backdrop: Backdrop) -> Subject:
    shape = SHAPES[int(random.integers(len(SHAPES)))]
    return Subject(shape=shape, colour=_other_colour(random, backdrop))


def _solid(random: np.random.Generator, backdrop: Backdrop) -> Subject:
    solid = SOLIDS[int(random.choice(3, p=(0.5, 0.25, 0.25)))]
    usual = random.uniform() < 0.3 and USUAL_COLOUR not in (backdrop.colour, backdrop.second)
    return Subject(solid=solid, colour=USUAL_COLOUR if usual else _other_colour(random, backdrop))


def _other_colour(random: np.random.Generator, backdrop: Backdrop) -> str:
    """A colour that can be told from the backdrop's."""
    taken = {backdrop.colour, backdrop.second} if backdrop.colour else {"white"}
    return str(random.choice([name for name in COLOURS if name not in taken]))


def _plain(random: np.random.Generator) -> Backdrop:
    kind = random.uniform()
    if kind < 0.35:
        return Backdrop()
    first, second = (str(name) for name in random.choice(list(COLOURS), 2, replace=False))
    return Backdrop(first) if kind < 0.88 else Backdrop(first, second)


def _landscape(random: np.random.Generator) -> Backdrop:
    ground = list(GROUNDS)[int(random.integers(len(GROUNDS)))]
    return Backdrop(ground=ground, time=TIMES[int(random.choice(3, p=(0.4, 0.35, 0.25)))])
