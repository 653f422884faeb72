"""What lies under the sky of a landscape."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw

from training.colours import Colour, mix, ramp

Ground = Literal["mountains", "sea", "desert", "forest", "city", "meadow", "snow"]
Time = Literal["day", "sunset", "night"]

BLACK: Colour = (0, 0, 0)
WHITE: Colour = (255, 255, 255)

_GLEAMS: dict[Time, Colour] = {"day": (225, 240, 255), "sunset": (255, 195, 110), "night": (190, 195, 220)}
_SHADES: dict[Time, tuple[Colour, float]] = {
    "day": (WHITE, 0.0),
    "sunset": ((75, 25, 70), 0.45),
    "night": ((5, 8, 35), 0.68),
}
_PETALS: tuple[Colour, ...] = ((250, 90, 110), (255, 225, 80), (250, 250, 250), (200, 110, 220))


@dataclass(frozen=True, slots=True)
class View:
    """A picture whose sky is drawn. `horizon` and `light` (the sun's or moon's x) are pixels.

    `haze` is the colour of the sky at the horizon, which what is far away takes on.
    """

    image: Image.Image
    time: Time
    horizon: int
    light: int
    colour: Colour
    haze: Colour
    random: np.random.Generator

    @property
    def unit(self) -> int:
        """The shorter side in pixels, by which everything scales."""
        return min(self.image.size)

    @property
    def pen(self) -> ImageDraw.ImageDraw:
        """Draws on the picture."""
        return ImageDraw.Draw(self.image)

    def scattered(self, count: int) -> list[tuple[float, float]]:
        """Places from far to near: x in pixels, and how near from 0 to 1."""
        nearness = np.sort(self.random.uniform(0, 1, count))
        return [(self.random.uniform(0, self.image.width), float(near)) for near in nearness]


def shade(colour: Colour, time: Time, strength: float = 1.0) -> Colour:
    """A colour of the day as it looks at another time."""
    tint, share = _SHADES[time]
    return mix(colour, tint, share * strength)


def _hills(view: View, base: float, rise: float, roughness: float, fill: Colour) -> None:
    """Everything below a line of peaks; `base` and `rise` are fractions of the unit below the horizon."""
    width, height = view.image.size
    x = np.linspace(0, 1, 65)
    y = np.zeros_like(x)
    for octave in range(5):
        waves = 1.5 * 2**octave * view.random.uniform(0.8, 1.2)
        y += roughness**octave * np.sin(2 * np.pi * (waves * x + view.random.uniform()))
    y = (y - y.min()) / (y.max() - y.min())
    top = view.horizon + view.unit * base - y * view.unit * rise
    line = [(float(a * width), float(b)) for a, b in zip(x, top, strict=True)]
    view.pen.polygon([*line, (width, height), (0, height)], fill=fill)


def _mountains(view: View) -> None:
    for k, share in enumerate((0.55, 0.3, 0.0)):
        fill = mix(mix(view.colour, view.haze, share), BLACK, 0.12 * k)
        _hills(view, 0.11 * k, 0.34 - 0.09 * k, 0.55, fill)


def _sea(view: View) -> None:
    width, height = view.image.size
    far = mix(mix(view.colour, view.haze, 0.5), WHITE, 0.1)
    water = ramp([far, view.colour, mix(view.colour, (0, 0, 20), 0.3)], height - view.horizon, width)
    view.image.paste(Image.fromarray(water.astype(np.uint8)), (0, view.horizon))
    for _ in range(46):
        y = view.horizon + (height - view.horizon) * view.random.uniform(0.02, 1) ** 1.3
        lit = view.random.uniform() < 0.6
        x = view.random.normal(view.light, view.unit * 0.06) if lit else view.random.uniform(0, width)
        half = view.unit * view.random.uniform(0.02, 0.07)
        line = _GLEAMS[view.time] if lit else mix(view.colour, _GLEAMS[view.time], 0.35)
        view.pen.line((x - half, y, x + half, y), fill=line, width=max(1, view.unit // 128))


def _desert(view: View) -> None:
    _hills(view, 0.0, 0.06, 0.3, mix(view.colour, view.haze, 0.5))
    _hills(view, 0.12, 0.12, 0.25, view.colour)
    _hills(view, 0.28, 0.16, 0.25, mix(view.colour, (90, 45, 10), 0.22))


def _city(view: View) -> None:
    width, height = view.image.size
    for row, share in enumerate((0.45, 0.0)):
        base = view.horizon + view.unit * 0.09 * row
        x = -view.unit * 0.02
        while x < width:
            wide, tall = (
                view.unit * view.random.uniform(0.07, 0.13),
                view.unit * view.random.uniform(0.14, 0.4),
            )
            body = mix(mix(view.colour, view.haze, share), BLACK, view.random.uniform(0, 0.25))
            _house(view, (x, base - tall, x + wide, base + view.unit * 0.2), body)
            x += wide + view.unit * view.random.uniform(0, 0.015)
    view.pen.rectangle((0, view.horizon + view.unit * 0.2, width, height), fill=mix(view.colour, BLACK, 0.45))


def _house(view: View, box: tuple[float, float, float, float], body: Colour) -> None:
    left, top, right, bottom = box
    window = mix((255, 225, 120), body, 0.6 if view.time == "day" else 0.0)
    step = view.unit * 0.028
    view.pen.rectangle(box, fill=body)
    for y in np.arange(top + step, bottom - view.unit * 0.1, step * 1.25):
        for x in np.arange(left + step * 0.5, right - step * 0.7, step):
            if view.random.uniform() < 0.55:
                view.pen.rectangle((x, y, x + step * 0.45, y + step * 0.55), fill=window)


def _rolling(view: View) -> None:
    _hills(view, 0.0, 0.1, 0.35, mix(view.colour, view.haze, 0.5))
    _hills(view, 0.08, 0.08, 0.3, view.colour)


def _forest(view: View) -> None:
    _rolling(view)
    for x, near in view.scattered(34):
        foot = view.horizon + view.unit * 0.04 + near * (view.image.height - view.horizon) * 0.95
        tall = view.unit * (0.13 + 0.2 * near)
        dark = mix(view.colour, (0, 25, 15), 0.5 * view.random.uniform(0.3, 1))
        _fir(view.pen, x, foot, tall, mix(dark, (160, 200, 190), 0.3 * (1 - near)))


def _fir(pen: ImageDraw.ImageDraw, x: float, foot: float, tall: float, green: Colour) -> None:
    trunk = (x - tall * 0.04, foot - tall * 0.15, x + tall * 0.04, foot)
    pen.rectangle(trunk, fill=mix(green, (70, 40, 20), 0.7))
    for k in range(3):
        top, half = foot - tall * (1 - 0.25 * k), tall * (0.16 + 0.07 * k)
        low = top + tall * 0.42
        pen.polygon([(x, top), (x + half, low), (x - half, low)], fill=mix(green, BLACK, 0.08 * k))


def _meadow(view: View) -> None:
    _rolling(view)
    for x, near in view.scattered(60):
        y = view.horizon + view.unit * 0.1 + near * (view.image.height - view.horizon)
        petals = _PETALS[int(view.random.integers(len(_PETALS)))]
        _dot(view, x, y, 0.004 + 0.011 * near, shade(petals, view.time, 0.8))


def _snow(view: View) -> None:
    _rolling(view)
    for _ in range(90):
        x, y = (view.random.uniform(0, side) for side in view.image.size)
        _dot(view, x, y, view.random.uniform(0.003, 0.008), shade(WHITE, view.time, 0.4))


def _dot(view: View, x: float, y: float, radius: float, fill: Colour) -> None:
    r = view.unit * radius
    view.pen.ellipse((x - r, y - r, x + r, y + r), fill=fill)


GROUNDS: dict[Ground, tuple[Colour, Callable[[View], None]]] = {  # its colour by day, and what draws it
    "mountains": ((95, 110, 135), _mountains),
    "sea": ((35, 110, 180), _sea),
    "desert": ((228, 180, 105), _desert),
    "forest": ((35, 105, 55), _forest),
    "city": ((105, 110, 130), _city),
    "meadow": ((95, 175, 65), _meadow),
    "snow": ((235, 242, 250), _snow),
}
