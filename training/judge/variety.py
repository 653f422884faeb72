"""Whether seeds give different pictures, and words that mean nothing to the model give clean ones."""

import numpy as np

from training.judge import wordings
from training.judge.exams import Exam
from training.judge.noise import Yardstick, fine_share, least_difference, unrest
from training.judge.report import Figure, Judged, Part, share
from training.scenes import Backdrop, Scene, Subject
from training.vocabulary import BY_NAME

KNOWN = {
    "just one cat": Scene(Backdrop(), (Subject(thing=BY_NAME["cat"]),)),
    "give me a rocket on a blue background": Scene(Backdrop("blue"), (Subject(thing=BY_NAME["rocket"]),)),
    "my idea: a sunset over the sea": Scene(Backdrop(ground="sea", time="sunset")),
    "could I get a pizza and a guitar": Scene(
        Backdrop(), (Subject(thing=BY_NAME["pizza"]), Subject(thing=BY_NAME["guitar"])), "beside"
    ),
    "just a blue star on a yellow background": Scene(
        Backdrop("yellow"), (Subject(shape="star", colour="blue"),)
    ),
    "give me a penguin in the snow": Scene(Backdrop(ground="snow"), (Subject(thing=BY_NAME["penguin"]),)),
    "could I get a forest at night": Scene(Backdrop(ground="forest", time="night")),
    "a castle, nothing else": Scene(Backdrop(), (Subject(thing=BY_NAME["castle"]),)),
}
SEEDS = 4
DIFFERENT = 3.0  # 255ths: the least mean difference between two seeds' pictures; true ones have 5 to 18


def judge_seeds(exam: Exam) -> Part:
    """The same prompts from several seeds."""
    requests = [
        exam.ask(4000 + 100 * number + seed, prompt, truth)
        for number, (prompt, truth) in enumerate(KNOWN.items())
        for seed in range(SEEDS)
    ]
    pictures = exam.painter(requests)
    least = [least_difference(pictures[at : at + SEEDS]) for at in range(0, len(pictures), SEEDS)]
    judged = [
        Judged(request, picture, least[number // SEEDS] >= DIFFERENT, request.prompt, "too alike")
        for number, (request, picture) in enumerate(zip(requests, pictures, strict=True))
    ]
    figures = (
        Figure("the most alike two pictures of one prompt differ, of 255", min(least), DIFFERENT),
        Figure("the same, on average over prompts", float(np.mean(least))),
    )
    return Part("seeds", figures, tuple(judged))


def judge_unknown(exam: Exam, true: Yardstick) -> Part:
    """Prompts that cannot be known."""
    requests = [
        exam.ask(5000 + 100 * number + seed, prompt)
        for number, prompt in enumerate(wordings.UNKNOWN)
        for seed in range(2)
    ]
    pictures = exam.painter(requests)
    clean = [true.is_clean(picture) for picture in pictures]
    judged = [
        Judged(request, picture, good, request.prompt, "noise")
        for request, picture, good in zip(requests, pictures, clean, strict=True)
    ]
    restless = float(np.mean([unrest(picture) for picture in pictures])) / true.unrest
    ratio = float(np.median([fine_share(picture) for picture in pictures])) / true.fine
    figures = (
        Figure("pictures of unknown words that are clean", share(clean), 0.9),
        Figure("their energy in the finest detail, that of true ones being 1", ratio, 2.0, at_most=True),
        Figure("their coarse unrest, that of true ones being 1", restless, 2.5, at_most=True),
    )
    return Part("unknown", figures, tuple(judged))
