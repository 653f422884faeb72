"""Scenes, their pictures and their captions."""

import re
from collections.abc import Iterator

import numpy as np
import pytest

from service.styles import STYLES
from training.captions import NOTHING, caption, content
from training.changes import Wish, before
from training.colours import COLOURS, words_for
from training.grounds import GROUNDS
from training.landscapes import TIMES, draw_landscape
from training.scenes import Backdrop, Scene, Subject, random_scene
from training.shapes import SHAPES, SOLIDS, draw_shape, draw_solid
from training.treatments import TREATMENTS
from training.vocabulary import BY_NAME, HEADS, THINGS, every_thing


def randomness(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def scenes() -> Iterator[Scene]:
    for seed in range(400):
        yield random_scene(THINGS, randomness(seed))


def test_there_are_names_enough_and_none_stands_for_two_things() -> None:
    words = [word for thing in THINGS for word in thing.words]
    assert len(THINGS) >= 150
    assert len(words) == len(set(words))
    assert len({thing.icon for thing in THINGS}) == len(THINGS)


def test_every_name_of_the_sets_comes_after_the_chosen_ones() -> None:
    things = every_thing(("cat-face", "accordion", "bus-stop"))
    assert things[: len(THINGS)] == THINGS
    assert [thing.words for thing in things[len(THINGS) :]] == [("accordion",), ("bus stop",)]


def test_a_caption_names_the_colour_and_the_thing() -> None:
    cat = Scene(Backdrop("purple"), (Subject(thing=BY_NAME["cat"]),))
    said = [content(cat, randomness(seed)) for seed in range(60)]
    assert all(any(colour in words for colour in words_for("purple")) for words in said)
    named = [any(word in re.findall(r"\w+", words) for word in BY_NAME["cat"].words) for words in said]
    assert sum(named) >= 55  # a few stand for words that nobody knows
    assert len(set(said)) > 20


def test_words_that_mean_nothing_leave_the_colour_and_the_shape_said() -> None:
    star = Scene(Backdrop("purple"), (Subject(shape="star", colour="green"),))
    for seed in range(60):
        said = caption(star, "realistic", randomness(seed), strange=1)
        for colour in ("green", "purple"):
            assert any(word in said for word in words_for(colour))


def test_an_edits_caption_says_only_what_changes() -> None:
    star = Scene(Backdrop("purple"), (Subject(shape="star", colour="green"),))
    for seed in range(60):
        styled = caption(star, "sketch", randomness(seed), wish="style")
        assert "sketch" in styled
        assert not any(word in styled for word in ("star", "green", "purple", "violet"))
        placed = caption(star, "realistic", randomness(seed), wish="backdrop")
        assert any(word in placed for word in words_for("purple"))
        assert "star" not in placed


@pytest.mark.parametrize("wish", [None, "style", "backdrop"])
def test_what_was_edited_differs_in_what_the_caption_says_alone(
    wish: Wish | None,
) -> None:
    changed = set()
    for seed in range(100):
        scene = Scene(Backdrop("blue"), (Subject(thing=BY_NAME["cat"]), Subject(shape="star", colour="red")))
        old, style = before(scene, "realistic", wish, randomness(seed))
        assert [subject.thing for subject in old.subjects] == [BY_NAME["cat"], None]
        assert [subject.shape for subject in old.subjects] == [None, "star"]
        changed.add((style != "realistic", old.backdrop != scene.backdrop, old.subjects != scene.subjects))
    sometimes = {(a, b, c) for a in (True, False) for b in (True, False) for c in (True, False)}
    assert (
        changed
        == {
            None: sometimes,
            "style": {(True, False, False)},
            "backdrop": {(False, True, False)},
        }[wish]
    )


def test_two_things_are_told_from_left_to_right() -> None:
    things = (Subject(thing=BY_NAME["whale"]), Subject(thing=BY_NAME["zebra"]))
    for seed in range(60):
        words = content(Scene(Backdrop(), things, "beside"), randomness(seed))
        backwards = "to the right of" in words
        if "whale" in words and "zebra" in words:
            assert (words.index("whale") < words.index("zebra")) != backwards, words


@pytest.mark.parametrize("style", TREATMENTS)
def test_a_caption_can_be_what_the_service_makes_of_a_prompt(style: str) -> None:
    scene = Scene(Backdrop("red"), (Subject(thing=BY_NAME["rocket"]),))
    ending = STYLES[style].prompt.rpartition("{prompt}")[2]
    assert any(caption(scene, style, randomness(seed)).endswith(ending) for seed in range(20))


def test_the_words_for_nothing_are_what_styles_wish_away() -> None:
    assert set(NOTHING) == {style.negative_prompt for style in STYLES.values()}


def test_a_scene_draws_every_kind() -> None:
    drawn = list(scenes())
    grounds = {scene.backdrop.ground for scene in drawn}
    assert grounds == {None, *GROUNDS}
    assert {subject.shape for scene in drawn for subject in scene.subjects} == {None, *SHAPES}
    assert {subject.solid for scene in drawn for subject in scene.subjects} == {None, *SOLIDS}
    assert {subject.garment for scene in drawn for subject in scene.subjects} == {None, "hat", "sunglasses"}
    assert {scene.layout for scene in drawn} == {"one", "beside", "above", "row"}


def test_a_coloured_shape_can_be_told_from_its_background() -> None:
    for scene in scenes():
        for subject in scene.subjects:
            assert subject.colour is None or subject.colour not in (
                scene.backdrop.colour,
                scene.backdrop.second,
            )


def test_only_heads_wear_something() -> None:
    heads = {head.thing for head in HEADS}
    assert all(subject.thing in heads for scene in scenes() for subject in scene.subjects if subject.garment)


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("time", TIMES)
def test_landscapes_have_the_size_asked_for_and_differ(ground: str, time: str) -> None:
    first, second = (
        np.asarray(draw_landscape(ground, time, (96, 64), randomness(seed)))  # type: ignore[arg-type]
        for seed in (1, 2)
    )
    assert first.shape == (64, 96, 3)
    assert np.abs(first.astype(int) - second).mean() > 1


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_has_its_colour_inside_and_nothing_at_the_corners(shape: str) -> None:
    drawn = np.asarray(draw_shape(shape, COLOURS["green"], 60))  # type: ignore[arg-type]
    assert drawn.shape == (60, 60, 4)
    assert tuple(drawn[drawn[..., 3] == 255][0][:3]) == COLOURS["green"]
    assert not drawn[[0, 0, -1, -1], [0, -1, 0, -1], 3].any()


@pytest.mark.parametrize("solid", SOLIDS)
def test_a_solid_is_lighter_where_the_light_comes_from(solid: str) -> None:
    drawn = np.asarray(draw_solid(solid, COLOURS["blue"], (0.6, 0.5), 80)).astype(float)  # type: ignore[arg-type]
    inside = drawn[..., 3] > 200
    columns = np.flatnonzero(inside.any(axis=0))
    middle = (columns[0] + columns[-1]) // 2
    left, right = (
        drawn[:, part][inside[:, part]][:, :3].mean() for part in (slice(0, middle), slice(middle, 80))
    )
    assert left > right
