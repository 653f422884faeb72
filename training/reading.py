"""Teaches the text encoders what captions mean, before any picture is painted.

Through the UNet alone a name is learned slowly: it matters in a small part of a picture, at the noisiest
times. Asked directly what a caption says, the encoders learn in minutes.
"""

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
from training.loop import Plan, averaged, train
from training.networks import WIDTH, Prompts
from training.pictures import Album, Entry
from training.scenes import Subject
from training.shapes import SHAPES, SOLIDS
from training.treatments import TREATMENTS

SEED = 30_001
BATCH = 128
_LAYOUTS = ("one", "beside", "above", "row")
_GARMENTS = ("sunglasses", "hat")


class Reader(nn.Module):
    """The encoders, asked twice about a caption: by its pooled vector and by its last token."""

    def __init__(self, tokenizers: Path, answers: list[int]) -> None:
        """`answers` says how many answers each question has."""
        super().__init__()
        self.prompts = Prompts(tokenizers)
        self.sizes = answers
        self.by_pooled = nn.Linear(WIDTH, sum(answers))
        self.by_token = nn.Linear(2 * WIDTH, sum(answers))

    def forward(self, captions: list[str], labels: Tensor) -> Tensor:
        """The mean cross-entropy over all questions; `labels` [n, questions]."""
        tokens, pooled = self.prompts(captions)
        # The last token is padding, and the only one that has seen the whole caption in any case.
        losses = [
            functional.cross_entropy(part, label)
            for logits in (self.by_pooled(pooled), self.by_token(tokens[:, -1]))
            for part, label in zip(logits.float().split(self.sizes, dim=-1), labels.T, strict=True)
        ]
        return torch.stack(losses).sum() / 2


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


def train_reading(work: Path, album: Album, plan: Plan, device: torch.device) -> None:
    """Trains on captions up to the plan's last step; `work` keeps the state."""
    torch.manual_seed(SEED)
    questions = Questions(album)
    model = Reader(work / "model", questions.sizes()).to(device)
    train(model, partial(_step, model, questions, album, device), plan, work / "reading", device)


def trained(work: Path, album: Album) -> Prompts:
    """The encoders as far as they have been trained in `work`."""
    model = averaged(Reader(work / "model", Questions(album).sizes()), work / "reading")
    assert isinstance(model, Reader)
    return model.prompts


def _step(model: Reader, questions: Questions, album: Album, device: torch.device, number: int) -> Tensor:
    random = np.random.default_rng((SEED, number))
    entries = [album.entry(SEED, number * BATCH + row) for row in range(BATCH)]
    captions = [caption(what.scene, what.style, random) for what in entries]
    labels = torch.tensor([questions.labels(what) for what in entries], device=device)
    with torch.autocast(device.type, torch.bfloat16):
        loss: Tensor = model(captions, labels)
    return loss
