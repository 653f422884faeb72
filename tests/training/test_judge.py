"""The judge finds what true pictures show, and nothing in others."""

import ast
import inspect
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from training import captions, phrases
from training.judge import wordings
from training.judge.cutting import cut, halves
from training.judge.exams import Exam, judge_names, judge_pairs
from training.judge.lab import name_of
from training.judge.noise import Yardstick, yardstick
from training.judge.outlines import colour_of, shape_of, silhouette
from training.judge.painters import from_folder, from_scenes
from training.judge.references import References
from training.judge.report import Figure, table, write
from training.judge.request import Painter, Request
from training.judge.showcase import showcase
from training.judge.styles import judge_styles
from training.judge.variety import KNOWN
from training.scenes import Backdrop, Scene, Subject
from training.shapes import SHAPES, Shape
from training.sprites import Sprites
from training.treatments import TREATMENTS
from training.vocabulary import BY_NAME, THINGS

CACHE = Path("build/training")
DOZEN = [
    "cat",
    "dog",
    "apple",
    "rocket",
    "guitar",
    "castle",
    "penguin",
    "umbrella",
    "sunflower",
    "laptop",
    "ghost",
    "snowman",
]


@pytest.fixture(scope="session")
def sprites() -> Sprites:
    try:
        return Sprites(CACHE)
    except OSError as error:
        pytest.skip(f"the picture sets are not in {CACHE} and cannot be fetched: {error}")


@pytest.fixture(scope="session")
def references(sprites: Sprites) -> References:
    return References(THINGS, sprites)


@pytest.fixture(scope="session")
def painter(sprites: Sprites) -> Painter:
    return from_scenes(sprites)


@pytest.fixture(scope="session")
def true(painter: Painter) -> Yardstick:
    return yardstick(painter([Request("", seed, 256, 256) for seed in range(120)]))


def caption_words() -> set[str]:
    """Every word in the strings that captions are made of; docstrings are not."""
    sources = (inspect.getsource(module) for module in (captions, phrases))
    nodes = [node for source in sources for node in ast.walk(ast.parse(source))]
    docs = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    strings = [node.value for node in nodes if isinstance(node, ast.Constant) and id(node) not in docs]
    return {word for text in strings for word in re.findall(r"[a-z]+", str(text).lower())}


def of(subject: Subject, colour: str, seed: int = 1) -> Request:
    return Request("", seed, 256, 256, truth=Scene(Backdrop(colour), (subject,)))


@pytest.mark.parametrize("name", DOZEN)
@pytest.mark.parametrize("colour", ["white", "gray", "blue"])
def test_a_true_picture_has_its_name_and_its_colour(
    name: str, colour: str, references: References, painter: Painter
) -> None:
    found = cut(painter([of(Subject(thing=BY_NAME[name]), colour)])[0])
    assert references.ranked(found)[0] is BY_NAME[name]
    assert name_of(found.colour) == colour


@pytest.mark.parametrize("name", DOZEN)
def test_a_thing_in_too_strong_colours_still_has_its_form(
    name: str, references: References, painter: Painter
) -> None:
    picture = painter([of(Subject(thing=BY_NAME[name]), "gray")])[0]
    stained = ImageEnhance.Color(ImageEnhance.Contrast(picture).enhance(1.6)).enhance(1.6)
    assert BY_NAME[name] in references.aligned(cut(stained))[:5]


def test_another_thing_is_not_taken_for_what_was_asked(references: References, sprites: Sprites) -> None:
    def mistaken(requests: list[Request]) -> list[Image.Image]:
        return from_scenes(sprites)([of(Subject(thing=BY_NAME["cactus"]), "blue") for _ in requests])

    part = judge_names(Exam(mistaken, 256, references), 20)
    assert part.figures[0].value <= 0.1
    assert len(part.misses()) >= 18


def test_things_are_found_on_their_own_sides_only(references: References, painter: Painter) -> None:
    assert judge_pairs(Exam(painter, 256, references), 4).figures[0].value == 1.0
    cat, dog = BY_NAME["cat"], BY_NAME["dog"]
    scene = Scene(Backdrop("green"), (Subject(thing=cat), Subject(thing=dog)), "beside")
    found = cut(painter([Request("", 3, 256, 256, truth=scene)])[0])
    sides = [references.ranked(found, side)[0] for side in halves(found.mask(16.0))]
    assert sides == [cat, dog]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_and_its_colour_are_recognised(shape: Shape, painter: Painter) -> None:
    found = cut(painter([of(Subject(shape=shape, colour="red"), "yellow")])[0])
    mask = silhouette(found)
    seen, colour = shape_of(mask), colour_of(found, mask)
    assert seen is not None
    assert seen[0] == shape
    assert seen[1] > 0.9
    assert colour is not None
    assert name_of(colour) == "red"


def test_every_style_looks_like_itself(references: References, painter: Painter) -> None:
    part = judge_styles(Exam(painter, 256, references), painter, 4)
    assert part.figures[0].value == 1.0
    assert {one.wanted for one in part.judged} == set(TREATMENTS)


def test_a_style_that_did_not_arrive_is_seen(references: References, painter: Painter) -> None:
    def deaf(requests: list[Request]) -> list[Image.Image]:
        return painter([replace(request, style="realistic") for request in requests])

    part = judge_styles(Exam(deaf, 256, references), painter, 2)
    assert part.figures[0].value == pytest.approx(1 / len(TREATMENTS))


def test_an_empty_picture_shows_nothing(references: References) -> None:
    found = cut(Image.new("RGB", (256, 256), (220, 40, 45)))
    assert references.ranked(found) == []
    assert shape_of(silhouette(found)) is None
    assert name_of(found.colour) == "red"


@pytest.mark.parametrize("grain", [1, 8, 32])
def test_noise_is_called_noise(grain: int, true: Yardstick) -> None:
    small = np.random.default_rng(grain).integers(0, 256, (256 // grain, 256 // grain, 3), np.uint8)
    noise = Image.fromarray(small).resize((256, 256), Image.Resampling.BICUBIC)
    assert not true.is_clean(noise)


def test_true_pictures_are_called_clean(painter: Painter, true: Yardstick) -> None:
    pictures = painter([Request("", seed, 256, 256) for seed in range(1000, 1040)])
    assert sum(true.is_clean(picture) for picture in pictures) >= 36


@pytest.mark.parametrize(
    "wording", [*wordings.NAMES, *wordings.PAIRS, *wordings.SHAPES, *wordings.UNKNOWN, *KNOWN]
)
def test_each_wording_has_a_word_that_training_never_used(wording: str) -> None:
    said = re.findall(r"[a-z]+", re.sub(r"\{.*?\}", "", wording.lower()))
    assert set(said) - caption_words()


@pytest.mark.parametrize(
    ("words", "said"),
    [("cat", "a cat"), ("owl", "an owl"), ("unicorn", "a unicorn"), ("socks", "socks"), ("bus", "a bus")],
)
def test_things_get_the_article_that_people_use(words: str, said: str) -> None:
    assert wordings.with_article(words) == said


def test_the_documentations_sheet_has_sixty_prompts() -> None:
    requests = showcase(256)
    assert len(requests) == 60
    said = {request.prompt for request in requests}
    assert said >= {"A beautiful sunset over mountains", "A cat wearing sunglasses", "A spinning cube"}


def test_the_report_says_what_was_missed(references: References, painter: Painter, tmp_path: Path) -> None:
    part = judge_names(Exam(painter, 256, references), 2)
    write([part], {"judged": "true pictures"}, tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {"report.json", "names.png"}
    assert "MISSED" in table([type(part)("bad", (Figure("half", 0.5, 0.9),))])
    assert "MISSED" not in table([part])


def test_a_checkpoints_picture_does_not_depend_on_its_company(image_model: Path) -> None:
    painter = from_folder(image_model, steps=2)
    requests = [Request("a cat", 1, 64, 64), Request("a dog", 2, 96, 64), Request("a cat", 3, 64, 64)]
    pictures = painter(requests)
    assert [picture.size for picture in pictures] == [(64, 64), (96, 64), (64, 64)]
    alone = np.asarray(painter(requests[2:])[0], int)
    assert np.abs(alone - np.asarray(pictures[2], int)).max() <= 2
    assert np.abs(alone - np.asarray(pictures[0], int)).max() > 2
