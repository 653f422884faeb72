"""Styles as pictures: which drawing of a thing each uses, and what it does to the whole picture."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from training.effects import at_most, lit, outlines, over, smooth_noise, way_to_edge, with_shadow
from training.sprites import Look

FRAME = (26, 20, 44)  # of pixel-art

Filter = Callable[[Image.Image, Image.Image, np.random.Generator], Image.Image]


@dataclass(frozen=True, slots=True)
class Treatment:
    """How a style is drawn.

    `look` names the drawings it starts from. `apply` gets the backdrop (RGB), what stands before it
    (RGBA of the same size) and randomness, and gives the finished RGB picture.
    """

    look: Look
    apply: Filter


def _realistic(backdrop: Image.Image, things: Image.Image, _random: np.random.Generator) -> Image.Image:
    return over(with_shadow(backdrop, things, 0.45), things)


def _digital(backdrop: Image.Image, things: Image.Image, _random: np.random.Generator) -> Image.Image:
    """Vivid, with light behind the things, and indigo dusk towards the edges."""
    unit = min(backdrop.size)
    halo = things.getchannel("A").filter(ImageFilter.GaussianBlur(unit * 0.06)).point(lambda a: int(a * 0.8))
    bright = ImageEnhance.Color(backdrop).enhance(1.4)
    dusk = np.clip(1.25 - 4.2 * np.minimum.outer(*map(way_to_edge, bright.size[::-1])), 0, 1)
    dark = Image.fromarray((dusk * 255).astype(np.uint8))
    bright.paste(Image.new("RGB", bright.size, (38, 14, 92)), mask=dark)
    bright.paste(Image.new("RGB", bright.size, (235, 250, 255)), mask=halo)
    return over(bright, ImageEnhance.Color(things).enhance(1.3))


def _line_art(backdrop: Image.Image, things: Image.Image, _random: np.random.Generator) -> Image.Image:
    unit = min(backdrop.size)
    ink = outlines(backdrop, unit / 110, 5.0) * (255 - np.asarray(things.getchannel("A"), np.float32)) / 255
    paper = Image.fromarray((252 - 235 * ink).astype(np.uint8)).convert("RGB")
    return over(paper, things)


def _comic(backdrop: Image.Image, things: Image.Image, _random: np.random.Generator) -> Image.Image:
    """Few colours, halftone dots behind, thick ink around."""
    unit = min(backdrop.size)
    step = unit / 17
    y, x = np.mgrid[0 : backdrop.height, 0 : backdrop.width].astype(np.float32)
    dots = np.cos((x + y) * np.pi / step) * np.cos((x - y) * np.pi / step)
    flat = ImageOps.posterize(ImageEnhance.Color(backdrop).enhance(1.2), 3)
    dotted = lit(flat, 1.0 - 0.22 * np.clip(dots * 4 - 0.8, 0, 1).astype(np.float32))
    small = things.getchannel("A").resize(at_most(backdrop.size, 128), Image.Resampling.BOX)
    ink = small.filter(ImageFilter.MaxFilter(5)).filter(ImageFilter.GaussianBlur(0.5))
    dotted.paste(
        Image.new("RGB", dotted.size, (15, 15, 20)), mask=ink.resize(backdrop.size, Image.Resampling.BICUBIC)
    )
    return over(dotted, things)


def _pixels(backdrop: Image.Image, things: Image.Image, _random: np.random.Generator) -> Image.Image:
    """Cells of one colour, of few, in a dark frame whose corners are steps."""
    side = 16 if min(backdrop.size) < 512 else 32
    cells = (-(-backdrop.width // side), -(-backdrop.height // side))
    small = over(backdrop.resize(cells, Image.Resampling.BOX), things.resize(cells, Image.Resampling.BOX))
    small = ImageOps.posterize(ImageEnhance.Color(small).enhance(1.3), 3)
    x, y = (np.minimum(np.arange(n), np.arange(n)[::-1]) for n in cells)
    frame = np.minimum.outer(y, x) < 1
    frame |= np.add.outer(y, x) < 4
    small.paste(FRAME, mask=Image.fromarray((frame * 255).astype(np.uint8)))
    whole = small.resize((cells[0] * side, cells[1] * side), Image.Resampling.NEAREST)
    return whole.crop((0, 0, *backdrop.size))


def _painting(backdrop: Image.Image, things: Image.Image, random: np.random.Generator) -> Image.Image:
    """Broad strokes, some warmer and some darker, whose ends leave the canvas bare at the edges."""
    scene = over(with_shadow(backdrop, things, 0.3), things)
    work = scene.resize(at_most(scene.size, 192), Image.Resampling.BOX)
    pixels = np.asarray(work, np.float32)
    # Stir: each pixel is taken from a place nearby that changes in strokes.
    dx, dy = (smooth_noise(work.size, 7, random) * 2.0 for _ in range(2))
    y, x = np.mgrid[0 : work.height, 0 : work.width]
    at = (np.clip(y + dy, 0, work.height - 1).astype(int), np.clip(x + dx, 0, work.width - 1).astype(int))
    stirred = Image.fromarray(pixels[at].astype(np.uint8)).filter(ImageFilter.ModeFilter(5))
    painted = np.asarray(ImageEnhance.Color(stirred).enhance(1.2), np.float32)
    unit = min(work.size)
    band = unit / 8  # of one stroke
    wave = np.sin((x * 0.35 + y + unit / 30 * smooth_noise(work.size, unit / 5, random)) * 2 * np.pi / band)
    painted = painted * (1 + 0.13 * wave[..., None]) * np.array([1.08, 0.98, 0.8]) + np.array([12, 6, 0])
    edge = np.minimum.outer(way_to_edge(work.height), way_to_edge(work.width))
    cover = np.clip((edge - 0.055 + 0.03 * wave) * 30, 0, 1)[..., None]
    canvas = np.array([214, 196, 160]) * (1 + 0.03 * smooth_noise(work.size, 2, random))[..., None]
    painted = canvas + (painted - canvas) * cover
    return Image.fromarray(np.clip(painted, 0, 255).astype(np.uint8)).resize(
        scene.size, Image.Resampling.BICUBIC
    )


def _watercolor(backdrop: Image.Image, things: Image.Image, random: np.random.Generator) -> Image.Image:
    """Pale washes with wet edges on white paper."""
    scene = over(backdrop, things)
    work = scene.resize(at_most(scene.size, 256), Image.Resampling.BOX)
    soft = work.filter(ImageFilter.MedianFilter(7)).filter(ImageFilter.GaussianBlur(1.2))
    wash = 0.30 + 0.09 * smooth_noise(work.size, 22, random)
    pixels = np.asarray(soft, np.float32)
    edge = outlines(soft, 2.5, 2.2)[..., None]
    pale = pixels + (255 - pixels) * np.clip(wash, 0.05, 0.7)[..., None] - 45 * edge
    margin = np.minimum.outer(way_to_edge(work.height), way_to_edge(work.width)) + 0.018 * smooth_noise(
        work.size, 12, random
    )
    cover = np.clip((margin - 0.03) * 40, 0, 1)[..., None]
    pale = 252 + (pale - 252) * cover
    pale += 4 * smooth_noise(work.size, 1.5, random)[..., None]
    return Image.fromarray(np.clip(pale, 0, 255).astype(np.uint8)).resize(
        scene.size, Image.Resampling.BICUBIC
    )


def _sketch(backdrop: Image.Image, things: Image.Image, random: np.random.Generator) -> Image.Image:
    """Graphite: outlines, and hatching where it is dark."""
    scene = over(backdrop, things)
    work = scene.resize(at_most(scene.size, 384), Image.Resampling.BOX)
    unit = min(work.size)
    gray = np.asarray(work.convert("L"), np.float32) / 255
    alpha = np.asarray(things.getchannel("A").resize(work.size), np.float32) / 255
    y, x = np.mgrid[0 : work.height, 0 : work.width].astype(np.float32)
    hatch = 0.5 + 0.5 * np.sin((x + y + 3 * smooth_noise(work.size, 30, random)) * 2 * np.pi / (unit / 30))
    dark = np.clip(0.85 - gray, 0, 1) * (0.35 + 0.65 * alpha)
    ink = np.clip(outlines(work, unit / 110, 4.0) * 0.85 + dark * (0.3 + 0.55 * hatch), 0, 1)
    paper = 246 + 3 * smooth_noise(work.size, 1.5, random) - 195 * ink
    drawn = Image.fromarray(np.clip(paper, 0, 255).astype(np.uint8)).convert("RGB")
    return drawn.resize(scene.size, Image.Resampling.BICUBIC)


def _neon(backdrop: Image.Image, things: Image.Image, _random: np.random.Generator) -> Image.Image:
    """Glowing tubes of magenta and cyan in the dark."""
    unit = min(backdrop.size)
    size = backdrop.size
    dark = ImageOps.colorize(backdrop.convert("L"), (10, 4, 32), (70, 18, 95))
    alpha = np.asarray(things.getchannel("A"), np.float32) / 255
    lines = np.maximum(alpha, outlines(backdrop, unit / 90, 4.0) * (1 - alpha) * 0.7)
    mask = Image.fromarray((lines * 255).astype(np.uint8))
    slope = np.linspace(0, 1, size[1], dtype=np.float32)[:, None, None]
    tube = np.array([255, 60, 205], np.float32) * (1 - slope) + np.array([50, 235, 255], np.float32) * slope
    colour = np.broadcast_to(tube, (size[1], size[0], 3))
    glow = np.asarray(mask.filter(ImageFilter.GaussianBlur(unit * 0.022)), np.float32)[..., None] / 255
    lit = np.asarray(dark, np.float32) * (1 - 0.5 * glow) + colour * glow * 0.9
    core = (lines * 0.85)[..., None]
    lit = lit * (1 - core) + (colour * 0.75 + 64) * core
    return Image.fromarray(np.clip(lit, 0, 255).astype(np.uint8))


TREATMENTS = {
    "realistic": Treatment("3d", _realistic),
    "digital-art": Treatment("gradient", _digital),
    "line-art": Treatment("lines", _line_art),
    "comic-book": Treatment("flat", _comic),
    "pixel-art": Treatment("flat", _pixels),
    "painting": Treatment("3d", _painting),
    "watercolor": Treatment("gradient", _watercolor),
    "sketch": Treatment("3d", _sketch),
    "neon-punk": Treatment("lines", _neon),
}
