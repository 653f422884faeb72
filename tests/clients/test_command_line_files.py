"""The files that the command line makes, and those that it leaves alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from generation_client.cli.files import slug
from PIL import Image

from tests.clients.conftest import Generate

SMALL = ("--width=64", "--height=64", "--steps=2")


def files() -> list[str]:
    return sorted(path.name for path in Path().iterdir())


def test_an_image_is_named_after_its_prompt_and_its_seed(generate: Generate) -> None:
    result = generate("image", "A cat, wearing sunglasses!", "--seed=42", *SMALL)
    assert (result.exit_code, result.stdout) == (0, "a-cat-wearing-sunglasses-42.png\n")
    assert files() == ["a-cat-wearing-sunglasses-42.png"]
    assert Image.open(files()[0]).size == (64, 64)


def test_a_seed_that_is_drawn_is_in_the_name_and_in_the_json(generate: Generate) -> None:
    answer = json.loads(generate("image", "A cat", *SMALL, "--json").stdout)
    assert answer == {
        "file": f"a-cat-{answer['seed']}.png",
        "width": 64,
        "height": 64,
        "seed": answer["seed"],
    }
    assert files() == [answer["file"]]


def test_a_file_is_not_overwritten_without_force(generate: Generate) -> None:
    Path("a-cat-1.png").write_text("mine")
    result = generate("image", "A cat", "--seed=1", *SMALL)
    assert (result.exit_code, result.stdout) == (5, "")
    assert "a-cat-1.png is there already" in result.stderr
    assert Path("a-cat-1.png").read_text() == "mine"
    assert generate("image", "A cat", "--seed=1", *SMALL, "--force").exit_code == 0
    assert Image.open("a-cat-1.png").size == (64, 64)


def test_output_names_a_file_of_any_kind_or_a_folder(generate: Generate) -> None:
    Path("pictures").mkdir()
    assert generate("image", "A cat", "-o", "cat.jpg", *SMALL).stdout == "cat.jpg\n"
    assert Image.open("cat.jpg").format == "JPEG"
    assert generate("image", "A cat", "--seed=2", "-o", "pictures", *SMALL).exit_code == 0
    assert Path("pictures/a-cat-2.png").exists()
    assert generate("image", "A cat", "-o", "cat.txt", *SMALL).exit_code == 5
    assert generate("image", "A cat", "-o", "no/such/cat.png", *SMALL).exit_code == 5


def test_an_edit_has_the_size_of_what_was_sent(generate: Generate) -> None:
    Image.new("RGB", (96, 64), "red").save("red.png")
    Image.new("L", (96, 64), 255).save("mask.png")
    arguments = (
        "edit",
        "red.png",
        "Turn it blue",
        "--mask=mask.png",
        "--strength=1",
        "--steps=2",
        "--seed=5",
    )
    assert generate(*arguments).stdout == "turn-it-blue-5.png\n"
    assert Image.open("turn-it-blue-5.png").size == (96, 64)


def test_a_file_that_cannot_be_read_is_named(generate: Generate) -> None:
    result = generate("edit", "missing.png", "Turn it blue")
    assert (result.exit_code, result.stderr) == (5, "error: missing.png: No such file or directory\n")


def test_frames_are_numbered_and_become_one_file_too(generate: Generate) -> None:
    arguments = ("frames", "A cube", "--num-frames=2", "--seed=3", "--format=webp", "-o", "cube", *SMALL)
    result = generate(*arguments)
    names = ["a-cube-3-00.png", "a-cube-3-01.png", "a-cube-3.webp"]
    assert result.stdout.split() == [f"cube/{name}" for name in names]
    assert sorted(path.name for path in Path("cube").iterdir()) == names
    assert generate(*arguments).exit_code == 5


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("A cat wearing sunglasses", "a-cat-wearing-sunglasses"),
        ("../../etc/passwd", "etc-passwd"),
        ("Ein Bär & eine Möwe", "ein-bär-eine-möwe"),
        ("?!", "image"),
        ("word " * 40, "word-word-word-word-word-word-word-word-word-word"),
        ("x" * 80, "x" * 50),
    ],
)
def test_a_prompt_becomes_a_name(prompt: str, name: str) -> None:
    assert slug(prompt) == name
