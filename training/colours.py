"""The colours that have a name, for things, shapes and backgrounds."""

import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int]  # sRGB, 0 to 255

COLOURS: dict[str, Colour] = {
    "red": (220, 40, 45),
    "orange": (245, 140, 35),
    "yellow": (250, 215, 50),
    "green": (50, 165, 75),
    "turquoise": (55, 200, 195),
    "blue": (45, 95, 215),
    "purple": (130, 60, 185),
    "pink": (245, 140, 190),
    "brown": (125, 75, 45),
    "black": (28, 28, 32),
    "white": (248, 248, 248),
    "gray": (140, 142, 148),
}
SYNONYMS = {"gray": ("gray", "grey"), "purple": ("purple", "violet"), "turquoise": ("turquoise", "teal")}


def words_for(colour: str) -> tuple[str, ...]:
    """What people call a colour, its own name first."""
    return SYNONYMS.get(colour, (colour,))


def near(colour: Colour, random: np.random.Generator, spread: float = 6.0) -> Colour:
    """A colour that still has the same name; `spread` is a standard deviation in 255ths."""
    moved = np.clip(np.array(colour) + random.normal(0, spread, 3), 0, 255)
    return (int(moved[0]), int(moved[1]), int(moved[2]))


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """`share` of the second colour, the rest of the first."""
    mixed = [round(a * (1 - share) + b * share) for a, b in zip(first, second, strict=True)]
    return (mixed[0], mixed[1], mixed[2])


def ramp(stops: list[Colour], height: int, width: int) -> NDArray[np.float32]:
    """[height, width, 3] from the first colour at the top to the last at the bottom, 0 to 255."""
    at = np.linspace(0, len(stops) - 1, height)
    table = np.array(stops, np.float32)
    column = np.stack([np.interp(at, np.arange(len(stops)), table[:, c]) for c in range(3)], axis=-1)
    return np.broadcast_to(column[:, None, :], (height, width, 3)).astype(np.float32)
