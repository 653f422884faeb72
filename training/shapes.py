"""Plain shapes and lit solids, drawn as RGBA squares."""

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from training.colours import Colour, mix

Shape = Literal["circle", "square", "triangle", "star", "heart", "ring"]
Solid = Literal["cube", "sphere", "cone"]
SHAPES: tuple[Shape, ...] = ("circle", "square", "triangle", "star", "heart", "ring")
SOLIDS: tuple[Solid, ...] = ("cube", "sphere", "cone")

LIGHT = np.array([-0.5, -0.75, 0.6]) / np.linalg.norm([-0.5, -0.75, 0.6])  # from above left, in front


def draw_shape(shape: Shape, colour: Colour, size: int) -> Image.Image:
    """A flat shape that fills nine tenths of a square of `size` pixels."""
    side = size * 3  # drawn large and reduced, for smooth edges
    image = Image.new("RGBA", (side, side), (*colour, 0))
    pen, low, high = ImageDraw.Draw(image), side * 0.05, side * 0.95
    if shape == "circle":
        pen.ellipse((low, low, high, high), fill=colour)
    elif shape == "ring":
        pen.ellipse((low, low, high, high), outline=colour, width=round(side * 0.17))
    else:
        outline = [(side * (0.5 + 0.45 * x), side * (0.5 + 0.45 * y)) for x, y in _outline(shape)]
        pen.polygon(outline, fill=colour)
    return image.resize((size, size), Image.Resampling.BOX)


def _outline(shape: Shape) -> list[tuple[float, float]]:
    """Corners between -1 and 1, y down."""
    if shape == "square":
        return [(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]
    if shape == "triangle":
        return [(0, -0.95), (1, 0.85), (-1, 0.85)]
    if shape == "star":
        turns = [math.pi * k / 5 for k in range(10)]
        radii = [1.0, 0.42] * 5
        return [(r * math.sin(t), -r * math.cos(t)) for r, t in zip(radii, turns, strict=True)]
    turns = list(np.linspace(0, 2 * math.pi, 80))
    return [  # the usual heart curve, scaled into the square
        (
            math.sin(t) ** 3,
            -(13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)) / 17 - 0.12,
        )
        for t in turns
    ]


def draw_solid(solid: Solid, colour: Colour, turn: tuple[float, float], size: int) -> Image.Image:
    """A solid under one light; `turn` is how far it is turned about the upright and tilted, radians."""
    if solid == "sphere":
        return _sphere(colour, size)
    return _cube(colour, turn, size) if solid == "cube" else _cone(colour, turn[1], size)


def _sphere(colour: Colour, size: int) -> Image.Image:
    y, x = (np.mgrid[0:size, 0:size] + 0.5) / size * 2 - 1
    x, y = x / 0.85, y / 0.85
    inside = np.clip(1 - x * x - y * y, 0, 1)
    normal = np.stack([x, y, np.sqrt(inside)], axis=-1)
    lit = np.clip(normal @ LIGHT, 0, 1)
    shine = np.clip(2 * lit * normal[..., 2] - LIGHT[2], 0, 1) ** 24
    shade = (0.35 + 0.75 * lit)[..., None] * np.array(colour) + 170 * shine[..., None]
    edge = np.clip((1 - np.hypot(x, y)) * size / 4, 0, 1)
    return _rgba(shade, edge)


def _rgba(colours: NDArray[np.float64], alpha: NDArray[np.float64]) -> Image.Image:
    parts = np.concatenate([np.clip(colours, 0, 255), 255 * alpha[..., None]], axis=-1)
    return Image.fromarray(parts.astype(np.uint8), "RGBA")


def _shaded(colour: Colour, light: float) -> Colour:
    """Light from -1 to 1: faces away from it are dark, those towards it a little lighter."""
    if light > 0.6:
        return mix(colour, (255, 255, 255), (light - 0.6) * 0.7)
    return mix(colour, (10, 10, 20), min(0.75, (0.6 - light) * 0.62))


def _cube(colour: Colour, turn: tuple[float, float], size: int) -> Image.Image:
    side = size * 3
    image = Image.new("RGBA", (side, side), (*colour, 0))
    pen = ImageDraw.Draw(image)
    a, b = turn
    spin = np.array([[math.cos(a), 0, math.sin(a)], [0, 1, 0], [-math.sin(a), 0, math.cos(a)]])
    tilt = np.array([[1, 0, 0], [0, math.cos(b), math.sin(b)], [0, -math.sin(b), math.cos(b)]])
    turned = tilt @ spin
    for axis in range(3):
        for sign in (-1, 1):
            normal = turned[:, axis] * sign
            if normal[2] <= 0.02:  # seen from behind
                continue
            u, v = turned[:, (axis + 1) % 3], turned[:, (axis + 2) % 3]
            corners = [normal + u * p + v * q for p, q in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
            points = [(side * (0.5 + 0.27 * c[0]), side * (0.5 + 0.27 * c[1])) for c in corners]
            fill = _shaded(colour, float(normal @ LIGHT))
            pen.polygon(points, fill=fill, outline=mix(fill, (0, 0, 0), 0.25), width=max(1, side // 150))
    return image.resize((size, size), Image.Resampling.BOX)


def _cone(colour: Colour, tilt: float, size: int) -> Image.Image:
    large = size * 2
    y, x = (np.mgrid[0:large, 0:large] + 0.5) / large * 2 - 1
    flat = 0.1 + 0.18 * abs(math.sin(tilt))  # half height of the base's ellipse
    top, base, radius = -0.88, 0.68, 0.72
    width = np.clip((y - top) / (base - top), 0, None) * radius
    body = (np.abs(x) <= width) & (y <= base)
    foot = (x / radius) ** 2 + ((y - base) / flat) ** 2 <= 1
    around = np.clip(x / np.maximum(width, 1e-3), -1, 1)
    lit = np.clip(-0.62 * around + 0.75 * np.sqrt(1 - around**2), -0.4, 1)
    shade = (0.42 + 0.62 * lit)[..., None] * np.array(colour)
    drawn = _rgba(shade, (body | foot).astype(np.float64))
    return drawn.resize((size, size), Image.Resampling.BOX)
