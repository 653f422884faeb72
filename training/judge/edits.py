"""Whether edits keep the layout at half strength and follow the prompt at nine tenths."""

from collections.abc import Callable
from dataclasses import dataclass
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
from training.judge.wordings import with_article
from training.scenes import Backdrop, Scene, Subject
from training.vocabulary import BY_NAME, Thing

KEEPING, FOLLOWING = 0.5, 0.9


@dataclass(frozen=True, slots=True)
class Edit:
    """A picture to change, how, and how much (`strength` from 0 to 1)."""

    picture: Image.Image
    request: Request
    strength: float


Editor = Callable[[list[Edit]], list[Image.Image]]


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


def judge_edits(exam: Exam, truth: Painter, editor: Editor, count: int) -> Part:
    """Things that get another background at half strength, and become other things at nine tenths.

    `truth` paints the pictures that are edited.
    """
    random = np.random.default_rng((SEED, 6))
    known = exam.references.things
    before, recoloured, replaced, kept, wanted, colours = [], [], [], [], [], []
    for number in range(count):
        old, new = (known[int(n)] for n in random.choice(len(known), 2, replace=False))
        first, second = (str(name) for name in random.choice(list(COLOURS), 2, replace=False))
        before.append(exam.ask(6000 + number, "", Scene(Backdrop(first), (Subject(thing=old),))))
        said = f"{with_article(old.name)}, {second} background, thanks"
        recoloured.append(exam.ask(7000 + number, said))
        replaced.append(exam.ask(8000 + number, f"{with_article(new.name)}, {first} background, thanks"))
        kept.append(old)
        wanted.append(new)
        colours.append(second)
    pictures = truth(before)
    half = editor([Edit(*both, KEEPING) for both in zip(pictures, recoloured, strict=True)])
    most = editor([Edit(*both, FOLLOWING) for both in zip(pictures, replaced, strict=True)])
    keeping, following = _found(exam, half, kept), _found(exam, most, wanted)
    moved = [name_of(cut(picture).colour) == colour for picture, colour in zip(half, colours, strict=True)]
    rows = zip((*recoloured, *replaced), (*half, *most), (*keeping, *following), strict=True)
    judged = [Judged(request, picture, right, request.prompt, "lost") for request, picture, right in rows]
    return Part(
        "edits",
        (
            Figure(f"at strength {KEEPING} the thing is still there", share(keeping)),
            Figure(f"at strength {KEEPING} the background has the new colour", share(moved)),
            Figure(f"at strength {FOLLOWING} the new thing is there", share(following)),
        ),
        tuple(judged),
    )


def _found(exam: Exam, pictures: list[Image.Image], things: list[Thing]) -> list[bool]:
    return [thing in exam.nearest(cut(picture)) for picture, thing in zip(pictures, things, strict=True)]


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
