"""What a picture may have been before an edit: the same things, otherwise coloured, before something else."""

from dataclasses import replace
from typing import Literal

import numpy as np

from training.colours import COLOURS
from training.landscapes import TIMES
from training.scenes import Backdrop, Scene, Subject
from training.treatments import TREATMENTS

Wish = Literal["style", "backdrop"]  # all that a caption of an edit says, where it does not say everything
WISHES = 0.06  # of the captions say only what changes


def random_wish(scene: Scene, random: np.random.Generator) -> Wish | None:
    """What the caption of a scene is to say alone, if not everything."""
    if random.uniform() >= WISHES:
        return None
    plain = scene.backdrop.colour is not None and scene.backdrop.second is None
    return "backdrop" if plain and random.uniform() < 0.4 else "style"


def before(scene: Scene, style: str, wish: Wish | None, random: np.random.Generator) -> tuple[Scene, str]:
    """The scene and the style that were edited: other ones in whatever the caption says."""
    whole = wish is None
    if wish == "style" or (whole and random.uniform() < 0.5):
        style = _other(list(TREATMENTS), style, random)
    backdrop = scene.backdrop
    if wish == "backdrop" or (whole and random.uniform() < 0.5):
        backdrop = _other_backdrop(backdrop, random)
    subjects = scene.subjects
    if whole and random.uniform() < 0.5:
        subjects = tuple(_other_colour(subject, random) for subject in subjects)
    return replace(scene, backdrop=backdrop, subjects=subjects), style


def _other(names: list[str], than: str | None, random: np.random.Generator) -> str:
    return str(random.choice([name for name in names if name != than]))


def _other_backdrop(backdrop: Backdrop, random: np.random.Generator) -> Backdrop:
    """Another hour of a landscape, another colour otherwise."""
    if backdrop.ground:
        others = [time for time in TIMES if time != backdrop.time]
        return replace(backdrop, time=others[int(random.integers(len(others)))])
    return Backdrop(_other(list(COLOURS), backdrop.colour, random))


def _other_colour(subject: Subject, random: np.random.Generator) -> Subject:
    if subject.colour is None:
        return subject
    return replace(subject, colour=_other(list(COLOURS), subject.colour, random))
