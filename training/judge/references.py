"""The pictures a thing is known by, and which of them something cut out looks most like."""

from collections.abc import Sequence
from itertools import product

import numpy as np
from PIL import Image

from training.judge.cutting import Box, Cut, Mask, box_of
from training.judge.lab import Array, to_lab
from training.sprites import Sprites
from training.vocabulary import Thing

SIDE = 32  # pixels of a thumbnail
MARGIN = 0.1  # of a thumbnail's side, around the thing on each side
THRESHOLDS = (8.0, 16.0, 28.0)  # Lab: what may be the thing, generously to strictly
SHIFTS = (-0.05, 0.0, 0.05)  # of the box's side
SCALES = (0.93, 1.0, 1.08)
FINALISTS = 20
CAP = 45.0  # Lab: two colours are not more unlike than this


class References:
    """Things with their thumbnails, on no backdrop yet."""

    def __init__(self, things: Sequence[Thing], sprites: Sprites) -> None:
        self.things = tuple(things)
        drawn = [_thumbnail(sprites.get(thing.icon, "3d")) for thing in things]
        self._pixels = np.stack(drawn)

    def ranked(self, cut: Cut, within: Mask | None = None) -> list[Thing]:
        """All things, the most alike first; `within` limits where the thing is looked for."""
        views = _views(cut, within)
        if not len(views):
            return []
        shown = self._on(cut.rgb)
        rough = _squares(views, shown)
        order = np.argsort(rough)
        finalists = order[:FINALISTS]
        exact = _exact(views, shown[finalists])
        final = [*finalists[np.argsort(exact)], *order[FINALISTS:]]
        return [self.things[int(n)] for n in final]

    def aligned(self, cut: Cut, within: Mask | None = None) -> list[Thing]:
        """The same by the angle between what stands out from the backdrop in both.

        A thing painted paler or stronger than it is stays itself to a person, and in this order; by
        distance it comes to be nearest to whatever is thinnest.
        """
        views = _views(cut, within)
        if not len(views):
            return []
        backdrop = to_lab(np.array(cut.rgb, np.float32))
        cosines = _directions(views - backdrop) @ _directions(self._on(cut.rgb) - backdrop).T
        return [self.things[int(n)] for n in np.argsort(-cosines.max(axis=0))]

    def _on(self, rgb: tuple[int, int, int]) -> Array:
        """[things, side, side, 3] in Lab, before a backdrop of that colour."""
        alpha = self._pixels[..., 3:] / np.float32(255)
        mixed: Array = self._pixels[..., :3] * alpha + np.array(rgb, np.float32) * (1 - alpha)
        return to_lab(mixed)


def _thumbnail(sprite: Image.Image) -> Array:
    """[side, side, 4]: the sprite without its empty edges, in the middle of a square."""
    cropped = sprite.crop(sprite.getchannel("A").point(lambda a: 255 * (a > 40)).getbbox())
    inner = max(cropped.size)
    side = round(inner / (1 - 2 * MARGIN))
    square = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    square.paste(cropped, ((side - cropped.width) // 2, (side - cropped.height) // 2))
    return np.asarray(square.resize((SIDE, SIDE), Image.Resampling.BOX), np.float32)


def _views(cut: Cut, within: Mask | None) -> Array:
    """[views, side, side, 3] in Lab: the thing as each guess at where it is frames it."""
    frames = list(dict.fromkeys(_frames(cut, within)))
    picture = cut.picture.convert("RGB")
    width, height = picture.size
    pad = max(width, height)
    padded = Image.new("RGB", (width + 2 * pad, height + 2 * pad), cut.rgb)
    padded.paste(picture, (pad, pad))
    views = []
    for x, y, side in frames:
        box = (x - side / 2 + pad, y - side / 2 + pad, x + side / 2 + pad, y + side / 2 + pad)
        view = padded.resize((SIDE, SIDE), Image.Resampling.BOX, box=box)
        views.append(np.asarray(view))
    return to_lab(np.stack(views)) if views else np.zeros((0, SIDE, SIDE, 3), np.float32)


def _frames(cut: Cut, within: Mask | None) -> list[tuple[float, float, float]]:
    """Centres and sides of squares around the thing."""
    frames = []
    for box in _boxes(cut, within):
        side = max(box[2] - box[0], box[3] - box[1])
        for dx, dy, scale in product(SHIFTS, SHIFTS, SCALES):
            x, y = (box[0] + box[2]) / 2 + dx * side, (box[1] + box[3]) / 2 + dy * side
            frames.append((x, y, scale * side / (1 - 2 * MARGIN)))
    return frames


def _boxes(cut: Cut, within: Mask | None) -> list[Box]:
    boxes = []
    for threshold in THRESHOLDS:
        mask = cut.mask(threshold)
        box = box_of(mask if within is None else mask & within)
        if box and max(box[2] - box[0], box[3] - box[1]) >= 4:
            boxes.append(box)
    return list(dict.fromkeys(boxes))


def _directions(pictures: Array) -> Array:
    """[n, ...] as [n, numbers] of length 1."""
    flat = pictures.reshape(len(pictures), -1)
    return np.asarray(flat / np.linalg.norm(flat, axis=1, keepdims=True).clip(1e-6), np.float32)


def _squares(views: Array, shown: Array) -> Array:
    """[things]: the mean square of the distance to the most alike view."""
    a, b = views.reshape(len(views), -1), shown.reshape(len(shown), -1)
    squares = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
    return np.asarray(squares.min(axis=0), np.float32)


def _exact(views: Array, shown: Array) -> Array:
    """[things]: the mean distance to the most alike view, where great distances count alike."""
    means = []
    for thing in shown:
        apart = np.linalg.norm(views - thing, axis=-1).clip(max=CAP)
        means.append(apart.mean(axis=(1, 2)).min())
    return np.asarray(means, np.float32)
