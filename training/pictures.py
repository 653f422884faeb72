"""Pictures by number: the same album, seed and number always give the same scene, style and picture."""

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.changes import Wish, before, random_wish
from training.drawing import draw
from training.scenes import Scene, random_scene
from training.sprites import Sprites
from training.treatments import TREATMENTS
from training.vocabulary import Thing

Size = tuple[int, int]  # width, height in pixels

DEFAULT_STYLE_SHARE = 0.45  # of the pictures; the other styles share the rest


@dataclass(frozen=True, slots=True)
class Entry:
    """What a picture shows, and what its caption says alone, if not everything."""

    scene: Scene
    style: str
    wish: Wish | None = None


@dataclass(frozen=True, slots=True)
class Album:
    """All pictures of the things in it; `cache` is the folder of the picture sets."""

    things: tuple[Thing, ...]
    cache: Path

    def entry(self, seed: int, number: int) -> Entry:
        """What a picture shows, without drawing it."""
        random = np.random.default_rng((seed, number, 0))
        styles = list(TREATMENTS)
        usual = random.uniform() < DEFAULT_STYLE_SHARE
        style = styles[0] if usual else styles[int(random.integers(1, len(styles)))]
        scene = random_scene(self.things, random)
        return Entry(scene, style, random_wish(scene, random))

    def draw(self, seed: int, number: int, size: Size) -> NDArray[np.uint8]:
        """[height, width, 3], RGB."""
        what = self.entry(seed, number)
        return self._drawn(what.scene, what.style, seed, number, size)

    def draw_edit(self, seed: int, number: int, size: Size) -> NDArray[np.uint8]:
        """[2, height, width, 3]: a picture, and one that an edit could have made it from."""
        what = self.entry(seed, number)
        scene, style = before(what.scene, what.style, what.wish, np.random.default_rng((seed, number, 3)))
        return np.stack(
            [self.draw(seed, number, size), self._drawn(scene, style, seed, number, size)],
        )

    def _drawn(self, scene: Scene, style: str, seed: int, number: int, size: Size) -> NDArray[np.uint8]:
        random = np.random.default_rng((seed, number, 1))
        return np.array(draw(scene, style, size, _sprites(self.cache), random))


@cache
def _sprites(folder: Path) -> Sprites:
    """One set of sprites for each process."""
    return Sprites(folder)


@contextmanager
def processes() -> Iterator[Executor]:
    """As many as there are cores, for `album.draw` and the like; importing takes each a second."""
    # Not forked: a child of a process with OpenMP threads hangs.
    with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn")) as pool:
        yield pool
