"""Whether edits keep the layout, yet take colour and style, at half strength, and obey at nine tenths."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl_img2img import (
    StableDiffusionXLImg2ImgPipeline,
)
from PIL import Image
from tqdm import tqdm

from service.styles import DEFAULT_STYLE, STYLES, apply
from training.colours import COLOURS
from training.judge.cutting import cut
from training.judge.exams import SEED, Exam
from training.judge.lab import name_of
from training.judge.painters import GUIDANCE, STEPS, load
from training.judge.report import Figure, Judged, Part, share
from training.judge.request import Painter, Request
from training.judge.styles import style_of
from training.judge.wordings import with_article
from training.scenes import Backdrop, Scene, Subject
from training.treatments import TREATMENTS
from training.vocabulary import BY_NAME, Thing

KEEPING, FOLLOWING = 0.5, 0.9


@dataclass(frozen=True, slots=True)
class Edit:
    """A picture to change, how, and how much (`strength` from 0 to 1)."""

    picture: Image.Image
    request: Request
    strength: float


Editor = Callable[[list[Edit]], list[Image.Image]]
_Found = tuple[tuple[Figure, ...], list[Judged]]


def editor_from_folder(folder: Path, steps: int = STEPS) -> Editor:
    """An editor that runs a checkpoint in SDXL's layout in the stock pipeline on the CPU."""
    pipe = StableDiffusionXLImg2ImgPipeline(**load(folder).components)
    pipe.set_progress_bar_config(disable=True)

    def change(edits: list[Edit]) -> list[Image.Image]:
        changed = []
        for edit in tqdm(edits, desc="edits", unit="picture"):
            prompt, negative = apply(STYLES[edit.request.style], edit.request.prompt, "")
            answer = pipe(
                prompt=prompt,
                negative_prompt=negative,
                image=edit.picture,
                strength=edit.strength,
                num_inference_steps=steps,
                guidance_scale=GUIDANCE,
                generator=torch.Generator().manual_seed(edit.request.seed),
            )
            changed.append(answer.images[0])
        return changed

    return change


@dataclass(frozen=True, slots=True)
class _Case:
    """A thing before a colour, and which other thing, colour and style edits ask for."""

    number: int
    thing: Thing
    other: Thing
    colour: str
    second: str
    style: str
    picture: Image.Image


def judge_edits(exam: Exam, truth: Painter, editor: Editor, count: int) -> Part:
    """Things that get another background or style at half strength, and become others at nine tenths.

    `truth` paints the pictures that are edited.
    """
    cases = _cases(exam, truth, count)
    parts = [judge(exam, cases, editor) for judge in (_recoloured, partial(_restyled, truth), _replaced)]
    figures = tuple(figure for found, _ in parts for figure in found)
    return Part("edits", figures, tuple(one for _, judged in parts for one in judged))


def _cases(exam: Exam, truth: Painter, count: int) -> list[_Case]:
    random = np.random.default_rng((SEED, 6))
    known, styles = exam.references.things, [style for style in TREATMENTS if style != DEFAULT_STYLE]
    cases = []
    for number in range(count):
        thing, other = (known[int(n)] for n in random.choice(len(known), 2, replace=False))
        colour, second = (str(name) for name in random.choice(list(COLOURS), 2, replace=False))
        [picture] = truth([exam.ask(6000 + number, "", _before(thing, colour))])
        style = styles[number % len(styles)]
        cases.append(_Case(number, thing, other, colour, second, style, picture))
    return cases


def _before(thing: Thing, colour: str) -> Scene:
    return Scene(Backdrop(colour), (Subject(thing=thing),))


def _said(thing: Thing, colour: str) -> str:
    return f"{with_article(thing.name)}, {colour} background, thanks"


def _edited(
    cases: list[_Case], asked: list[Request], strength: float, editor: Editor
) -> Iterator[tuple[_Case, Request, Image.Image]]:
    edits = [Edit(case.picture, request, strength) for case, request in zip(cases, asked, strict=True)]
    return zip(cases, asked, editor(edits), strict=True)


def _recoloured(exam: Exam, cases: list[_Case], editor: Editor) -> _Found:
    asked = [exam.ask(7000 + case.number, _said(case.thing, case.second)) for case in cases]
    judged, kept, moved = [], [], []
    for case, request, picture in _edited(cases, asked, KEEPING, editor):
        found = cut(picture)
        seen = name_of(found.colour)
        kept.append(case.thing in exam.nearest(found))
        moved.append(seen == case.second)
        judged.append(Judged(request, picture, kept[-1] and moved[-1], case.second, seen))
    return (
        Figure(f"at strength {KEEPING} the thing is still there", share(kept)),
        Figure(f"at strength {KEEPING} the background has the new colour", share(moved)),
    ), judged


def _restyled(truth: Painter, exam: Exam, cases: list[_Case], editor: Editor) -> _Found:
    asked = []
    for case in cases:
        scene = _before(case.thing, case.colour)
        plain = exam.ask(9500 + case.number, _said(case.thing, case.colour), scene)
        asked.append(replace(plain, style=case.style))
    judged = []
    for case, request, picture in _edited(cases, asked, KEEPING, editor):
        seen = style_of(picture, request, truth)
        judged.append(Judged(request, picture, seen == case.style, case.style, seen))
    arrived = share([one.right for one in judged])
    return (Figure(f"at strength {KEEPING} the picture has the new style", arrived),), judged


def _replaced(exam: Exam, cases: list[_Case], editor: Editor) -> _Found:
    asked = [exam.ask(8000 + case.number, _said(case.other, case.colour)) for case in cases]
    judged = []
    for case, request, picture in _edited(cases, asked, FOLLOWING, editor):
        right = case.other in exam.nearest(cut(picture))
        judged.append(Judged(request, picture, right, case.other.name, "" if right else "lost"))
    wins = share([one.right for one in judged])
    return (Figure(f"at strength {FOLLOWING} the new thing is there", wins),), judged


def edits_for_the_sheet(truth: Painter, size: int) -> list[Edit]:
    """The reference's own edit and a few more, each at half strength and at nine tenths."""
    wishes = (
        ("Turn it into a painting", DEFAULT_STYLE),
        ("A fox on a blue background", DEFAULT_STYLE),
        ("A fox on a green background", "watercolor"),
        ("A fox on a green background", "pixel-art"),
        ("A fox on a green background", "neon-punk"),
    )
    fox = Scene(Backdrop("green"), (Subject(thing=BY_NAME["fox"]),))
    (picture,) = truth([Request("", 3, size, size, truth=fox)])
    return [
        Edit(picture, Request(prompt, 1, size, size, style), strength)
        for prompt, style in wishes
        for strength in (KEEPING, FOLLOWING)
    ]
