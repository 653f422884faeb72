"""Draws a scene in a style and a size."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.colours import COLOURS, mix, near, ramp
from training.landscapes import draw_landscape
from training.scenes import Backdrop, Garment, Scene, Subject
from training.shapes import draw_shape, draw_solid
from training.sprites import Look, Sprites
from training.treatments import TREATMENTS
from training.vocabulary import HEADS, SUNGLASSES, TOP_HAT, Head

USUAL_TURN = (0.6, 0.55)  # of most solids; of many turns alike, the mean would be painted: a lump
_BY_THING = {head.thing.name: head for head in HEADS}


def draw(
    scene: Scene, style: str, size: tuple[int, int], sprites: Sprites, random: np.random.Generator
) -> Image.Image:
    """The RGB picture, `size` (width, height) pixels; `style` is a key of `TREATMENTS`."""
    treatment = TREATMENTS[style]
    things = Image.new("RGBA", size, (0, 0, 0, 0))
    for subject, (x, y, side) in zip(_subjects(scene), _places(scene, size), strict=True):
        drawn = _draw_subject(subject, treatment.look, side, sprites, random)
        things.alpha_composite(drawn, (max(0, x - side // 2), max(0, y - side // 2)))
    return treatment.apply(_draw_backdrop(scene.backdrop, size, random), things, random)


def _subjects(scene: Scene) -> tuple[Subject, ...]:
    return scene.subjects * scene.count if scene.layout == "row" else scene.subjects


def _places(scene: Scene, size: tuple[int, int]) -> list[tuple[int, int, int]]:
    """The centre and the side of each subject's square, pixels; squares stay inside the picture.

    A layout always has the same places. Where a thing may stand in several, what is predicted from noise
    is the mean over them, and forms are learned far more slowly.
    """
    width, height = size
    unit, n = min(size), scene.count if scene.layout == "row" else len(scene.subjects)
    if n == 0:
        return []
    if scene.layout == "one":
        share, centres = (0.5, [(0.5, 0.625)]) if scene.backdrop.ground else (0.75, [(0.5, 0.5)])
    elif scene.layout == "above":
        share, centres = 0.4375, [(0.5, 0.25), (0.5, 0.75)]
    else:
        share = (0.4375, 0.4375, 0.3125, 0.25)[n - 1]
        centres = [((k + 0.5) / n, 0.5) for k in range(n)]
    return [(round(x * width), round(y * height), round(unit * share)) for x, y in centres]


def _draw_subject(
    subject: Subject, look: Look, side: int, sprites: Sprites, random: np.random.Generator
) -> Image.Image:
    if subject.colour:
        ink = look == "lines"  # which is drawn without colours
        colour = near(COLOURS["black" if ink else subject.colour], random, 4)
        if subject.shape:
            return draw_shape(subject.shape, colour, side)
        assert subject.solid, "a coloured subject is a shape or a solid"
        any_turn = (random.uniform(0, 1.57), random.uniform(0.3, 0.8))
        return draw_solid(subject.solid, colour, any_turn if random.uniform() < 0.3 else USUAL_TURN, side)
    assert subject.thing, "what has no colour is a thing"
    if subject.garment:
        return _dress(_BY_THING[subject.thing.name], subject.garment, look, side, sprites)
    return sprites.get(subject.thing.icon, look).resize((side, side), Image.Resampling.BICUBIC)


def _dress(head: Head, garment: Garment, look: Look, side: int, sprites: Sprites) -> Image.Image:
    """A head with sunglasses over its eyes, or a little lower in its square with a hat on top."""
    dressed = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    worn = sprites.get((SUNGLASSES if garment == "sunglasses" else TOP_HAT).icon, look)
    worn = worn.crop(worn.getbbox())
    share, wide = (1.0, 0.66) if garment == "sunglasses" else (0.78, 0.44)
    face = sprites.get(head.thing.icon, look).resize((round(side * share),) * 2, Image.Resampling.BICUBIC)
    left, top = (side - face.width) // 2, side - face.height
    dressed.alpha_composite(face, (left, top))
    size = (round(side * wide), round(side * wide * worn.height / worn.width))
    middle = top + round(face.height * (head.eyes if garment == "sunglasses" else head.top))
    y = middle - size[1] // 2 if garment == "sunglasses" else middle - round(size[1] * 0.85)
    dressed.alpha_composite(worn.resize(size, Image.Resampling.BICUBIC), ((side - size[0]) // 2, max(0, y)))
    return dressed


def _draw_backdrop(backdrop: Backdrop, size: tuple[int, int], random: np.random.Generator) -> Image.Image:
    width, height = size
    if backdrop.ground:
        return draw_landscape(backdrop.ground, backdrop.time, size, random)
    if backdrop.colour is None:
        tone = near((232, 230, 226), random, 9)
        plain = ramp([mix(tone, (255, 255, 255), 0.5), tone], height, width)
    else:
        first = near(COLOURS[backdrop.colour], random, 5)
        last = near(COLOURS[backdrop.second], random, 5) if backdrop.second else first
        plain = ramp([first, last], height, width)
    return _lit_from_somewhere(plain, random)


def _lit_from_somewhere(plain: NDArray[np.float32], random: np.random.Generator) -> Image.Image:
    """[height, width, 3], brighter towards one side: what seeds differ in where nothing else may."""
    height, width, _ = plain.shape
    y, x = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)[None]
    angle, strength = random.uniform(0, 2 * np.pi), random.uniform(0.05, 0.13)
    light = 1 + strength * (np.cos(angle) * x + np.sin(angle) * y)
    return Image.fromarray(np.clip(plain * light[..., None], 0, 255).astype(np.uint8))
