import pytest

from service.styles import DEFAULT_STYLE, STYLES, Style, apply

NAMES = """
realistic photographic cinematic anime digital-art comic-book fantasy-art line-art analog-film neon-punk
isometric low-poly origami pixel-art 3d-model painting watercolor sketch none
"""


def test_every_promised_style_exists_and_the_default_comes_first() -> None:
    assert list(STYLES) == NAMES.split()
    assert next(iter(STYLES)) == DEFAULT_STYLE


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_a_style_holds_the_prompt_once_and_says_what_it_does_not_want(style: Style) -> None:
    assert style.prompt.count("{prompt}") == 1
    assert bool(style.negative_prompt) == (style.name != "none")
    assert STYLES[style.name] is style


def test_the_styles_negative_words_come_after_the_users() -> None:
    style = Style("test", "a drawing of {prompt}, bold", "photo")
    assert apply(style, "a cat", "dogs") == ("a drawing of a cat, bold", "dogs, photo")
    assert apply(style, "a cat", "") == ("a drawing of a cat, bold", "photo")


def test_no_style_leaves_the_words_alone() -> None:
    assert apply(STYLES["none"], "a cat", "dogs") == ("a cat", "dogs")
    assert apply(STYLES["none"], "a cat", "") == ("a cat", "")


def test_braces_in_a_prompt_mean_nothing() -> None:
    assert apply(STYLES["none"], "{0} {prompt} {x!r}", "")[0] == "{0} {prompt} {x!r}"
