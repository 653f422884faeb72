"""Whether a style looks like itself rather than like another one."""

from dataclasses import replace

import numpy as np
from PIL import Image

from training.colours import COLOURS
from training.judge import wordings
from training.judge.exams import SEED, Exam
from training.judge.lab import Array, distance, to_lab
from training.judge.report import Figure, Judged, Part, share
from training.judge.request import Painter, Request
from training.scenes import Backdrop, Scene, Subject
from training.treatments import TREATMENTS

SIDE = 32  # pixels of the thumbnails that are compared


def judge_styles(exam: Exam, truth: Painter, count: int) -> Part:
    """A few things in every style that has a look; `truth` paints what each should look like."""
    random = np.random.default_rng((SEED, 7))
    known = exam.references.things
    requests = []
    for number, chosen in enumerate(random.choice(len(known), count, replace=False)):
        thing, colour = known[int(chosen)], str(random.choice(list(COLOURS)))
        scene = Scene(Backdrop(colour), (Subject(thing=thing),))
        request = exam.ask(9000 + number, wordings.say_name(random, thing.name, colour), scene)
        requests += [replace(request, style=style) for style in TREATMENTS]
    judged = []
    for request, picture in zip(requests, exam.painter(requests), strict=True):
        seen = style_of(picture, request, truth)
        judged.append(Judged(request, picture, seen == request.style, request.style, seen))
    figure = Figure("a style is told from the eight others", share([one.right for one in judged]))
    return Part("styles", (figure,), tuple(judged))


def style_of(picture: Image.Image, request: Request, truth: Painter) -> str:
    """The style whose true picture of the request's scene is the most alike."""
    true = truth([replace(request, style=style) for style in TREATMENTS])
    apart = [float(distance(_thumbnail(picture), _thumbnail(one)).mean()) for one in true]
    return list(TREATMENTS)[int(np.argmin(apart))]


def _thumbnail(picture: Image.Image) -> Array:
    """[32, 32, 3], Lab."""
    small = picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX)
    return to_lab(np.asarray(small))
