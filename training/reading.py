"""Teaches the text encoders what captions mean, before any picture is painted.

Through the UNet alone a name is learned slowly: it matters in a small part of a picture, at the noisiest
times. Asked directly what a caption says, and what such pictures look like from afar, the encoders learn
in minutes, and what they then give the UNet is close to a picture.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.captions import caption
from training.colours import COLOURS
from training.grounds import GROUNDS
from training.landscapes import TIMES
from training.latents import SEED as LATENTS_SEED
from training.latents import Bucket, load_latents, scale_of
from training.loop import Plan, averaged, train
from training.networks import WIDTH, Prompts
from training.pictures import Album, Entry
from training.scenes import Subject
from training.shapes import SHAPES, SOLIDS
from training.treatments import TREATMENTS

SEED = 30_001
BATCH = 128
COARSE = 14  # of the latents' channels, the first ones
PICTURE_SHARE = 5.0  # of the loss, against that of the questions
PAINTER_WIDTH = 512
_LAYOUTS = ("one", "beside", "above", "row")
_GARMENTS = ("sunglasses", "hat")


class Reader(nn.Module):
    """The encoders with what they are asked by: a caption's pooled vector and its last token."""

    def __init__(self, tokenizers: Path, answers: list[int], outlook: int) -> None:
        """`answers`: how many answers each question has; `outlook`: the numbers of a coarse picture."""
        super().__init__()
        self.prompts = Prompts(tokenizers)
        self.sizes = answers
        self.tellers = nn.ModuleList(nn.Linear(width, sum(answers)) for width in (WIDTH, 2 * WIDTH))
        self.painters = nn.ModuleList(
            nn.Sequential(nn.Linear(width, PAINTER_WIDTH), nn.SiLU(), nn.Linear(PAINTER_WIDTH, outlook))
            for width in (WIDTH, 2 * WIDTH)
        )

    def forward(self, captions: list[str], labels: Tensor, outlooks: Tensor) -> Tensor:
        """The loss: the questions' cross-entropies, and the error of the coarse pictures.

        `labels` [n, questions], `outlooks` [n, outlook].
        """
        tokens, pooled = self.prompts(captions)
        # The last token is padding, and the only one that has seen the whole caption in any case.
        views = (pooled, tokens[:, -1])
        told = [
            functional.cross_entropy(part, label)
            for view, teller in zip(views, self.tellers, strict=True)
            for part, label in zip(teller(view).float().split(self.sizes, dim=-1), labels.T, strict=True)
        ]
        painted = [
            functional.mse_loss(painter(view).float(), outlooks)
            for view, painter in zip(views, self.painters, strict=True)
        ]
        return torch.stack(told).sum() / 2 + PICTURE_SHARE * torch.stack(painted).sum()


class Questions:
    """What is asked of every caption; the last answer of each question is "none"."""

    def __init__(self, album: Album) -> None:
        """The things of an album can be subjects, besides shapes and solids."""
        subject = [*(thing.icon for thing in album.things), *SHAPES, *SOLIDS]
        colour = list(COLOURS)
        self._answers: list[list[str]] = [subject, colour, subject, colour]
        self._answers += [colour, colour, list(GROUNDS), list(TIMES)]
        self._answers += [list(_LAYOUTS), list(_GARMENTS), ["2", "3", "4"], list(TREATMENTS)]

    def sizes(self) -> list[int]:
        """How many answers each question has."""
        return [len(answers) + 1 for answers in self._answers]

    def labels(self, what: Entry) -> list[int]:
        """The right answers."""
        scene, backdrop = what.scene, what.scene.backdrop
        first, second = ([*scene.subjects, Subject(), Subject()])[:2]
        said = [_name(first), first.colour, _name(second), second.colour]
        said += [backdrop.colour, backdrop.second, backdrop.ground]
        said += [backdrop.time if backdrop.ground else None, scene.layout, first.garment]
        said += [str(scene.count) if scene.layout == "row" else None, what.style]
        pairs = zip(said, self._answers, strict=True)
        return [answers.index(word) if word in answers else len(answers) for word, answers in pairs]


def _name(subject: Subject) -> str | None:
    return subject.thing.icon if subject.thing else subject.shape or subject.solid


@dataclass(frozen=True, slots=True)
class _Lessons:
    """`labels` [n, questions] and `outlooks` [n, outlook] of all entries."""

    entries: list[Entry]
    labels: Tensor
    outlooks: Tensor


def train_reading(work: Path, album: Album, bucket: Bucket, plan: Plan, device: torch.device) -> None:
    """Trains on a bucket's captions and latents up to the plan's last step; `work` keeps the state."""
    torch.manual_seed(SEED)
    questions = Questions(album)
    [latents] = load_latents(work, (bucket,))
    coarse = latents.values[:, :COARSE].float()
    outlooks = ((coarse - coarse.mean(0)) * scale_of([latents])).flatten(1)
    entries = [album.entry(LATENTS_SEED, int(number)) for number in latents.numbers]
    labels = torch.tensor([questions.labels(entry) for entry in entries])
    lessons = _Lessons(entries, labels.to(device), outlooks.to(device))
    model = Reader(work / "model", questions.sizes(), outlooks.shape[1]).to(device)
    train(model, partial(_step, model, lessons), plan, work / "reading", device)


def trained(work: Path) -> Prompts:
    """The encoders as far as they have been trained in `work`."""
    prompts = averaged(Prompts(work / "model"), work / "reading", within="prompts.")
    assert isinstance(prompts, Prompts)
    return prompts


def _step(model: Reader, lessons: _Lessons, number: int) -> Tensor:
    random = np.random.default_rng((SEED, number))
    rows = random.integers(len(lessons.entries), size=BATCH)
    chosen = [lessons.entries[row] for row in rows]
    captions = [caption(what.scene, what.style, random, wish=what.wish) for what in chosen]
    with torch.autocast(lessons.labels.device.type, torch.bfloat16):
        loss: Tensor = model(captions, lessons.labels[rows], lessons.outlooks[rows])
    return loss
