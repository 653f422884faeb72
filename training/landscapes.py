"""Landscapes that are drawn anew each time: a ground, under a sky, at a time of day."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from training.colours import Colour, near, ramp
from training.grounds import GROUNDS, WHITE, Ground, Time, View, shade

TIMES: tuple[Time, ...] = ("day", "sunset", "night")

_SKIES: dict[Time, list[Colour]] = {  # from the top to the horizon
    "day": [(70, 145, 230), (150, 205, 250), (225, 242, 253)],
    "sunset": [(70, 45, 120), (205, 75, 110), (250, 140, 60), (255, 215, 120)],
    "night": [(8, 10, 35), (20, 28, 75), (50, 60, 120)],
}
# The sun or the moon: its colour, its radius and its glow's as a fraction of the picture.
_LIGHTS: dict[Time, tuple[Colour, float, float]] = {
    "day": ((255, 250, 205), 0.06, 0.096),
    "sunset": ((255, 205, 95), 0.1, 0.22),
    "night": ((240, 240, 215), 0.065, 0.104),
}


def draw_landscape(
    ground: Ground, time: Time, size: tuple[int, int], random: np.random.Generator
) -> Image.Image:
    """An RGB picture of `size` (width, height) pixels."""
    width, height = size
    horizon = int(height * random.uniform(0.55, 0.68))
    sky = ramp([near(stop, random, 5) for stop in _SKIES[time]], horizon + 1, width)
    below = np.broadcast_to(sky[-1:], (height - horizon - 1, width, 3))
    image = Image.fromarray(np.concatenate([sky, below]).astype(np.uint8))
    light = int(width * random.uniform(0.2, 0.8))
    if time == "night":
        _draw_stars(image, horizon, random)
    _draw_light(image, time, (light, _height_of_light(ground, time, horizon, min(size), random)))
    if time == "day":
        _draw_clouds(image, horizon, random)
    colour, draw_ground = GROUNDS[ground]
    red, green, blue = (int(part) for part in sky[-1, 0])
    draw_ground(
        View(image, time, horizon, light, shade(near(colour, random, 6), time), (red, green, blue), random)
    )
    return image


def _height_of_light(ground: Ground, time: Time, horizon: int, unit: int, random: np.random.Generator) -> int:
    if time != "sunset":
        return int(horizon * random.uniform(0.18, 0.4))
    above = 0.2 if ground in ("mountains", "city") else 0.0  # not behind the peaks
    return int(horizon - unit * (above + random.uniform(0.06, 0.16)))


def _draw_stars(image: Image.Image, horizon: int, random: np.random.Generator) -> None:
    pen, unit = ImageDraw.Draw(image), min(image.size)
    for _ in range(60):
        x, y, r = (
            random.uniform(0, image.width),
            random.uniform(0, horizon),
            unit * random.uniform(0.0015, 0.005),
        )
        pen.ellipse((x - r, y - r, x + r, y + r), fill=(255, 255, 235))


def _draw_light(image: Image.Image, time: Time, at: tuple[int, int]) -> None:
    colour, radius, glow = _LIGHTS[time]
    mask, unit = Image.new("L", image.size, 0), min(image.size)
    for r, strength in ((unit * glow, 120), (unit * radius, 255)):
        ImageDraw.Draw(mask).ellipse((at[0] - r, at[1] - r, at[0] + r, at[1] + r), fill=strength)
        if strength < 255:
            mask = mask.filter(ImageFilter.GaussianBlur(unit * radius * 0.7))
    image.paste(Image.new("RGB", image.size, colour), mask=mask)


def _draw_clouds(image: Image.Image, horizon: int, random: np.random.Generator) -> None:
    mask, unit = Image.new("L", image.size, 0), min(image.size)
    pen = ImageDraw.Draw(mask)
    for _ in range(int(random.integers(1, 4))):
        x, y = random.uniform(0, image.width), horizon * random.uniform(0.15, 0.6)
        for _ in range(6):
            a, b = x + unit * random.normal(0, 0.07), y + unit * random.normal(0, 0.015)
            r = unit * random.uniform(0.03, 0.06)
            pen.ellipse((a - r * 1.5, b - r, a + r * 1.5, b + r), fill=235)
    soft = mask.filter(ImageFilter.GaussianBlur(unit * 0.008))
    image.paste(Image.new("RGB", image.size, WHITE), mask=soft)
