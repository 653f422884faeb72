"""Pictures in a terminal that shows them."""

from __future__ import annotations

import io
import re

import pytest
from generation_client.cli import screen
from PIL import Image
from rich.console import Console
from textual_image._terminal import CellSize
from textual_image.renderable import SixelImage

# How sixels begin: their width and height, on a terminal whose cells are 10 pixels by 20.
SIXELS = re.compile(r'\x1bP[0-9;]*q"1;1;(\d+);(\d+)')


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        ((8, 8), (400, 400)),
        ((512, 256), (400, 200)),
        ((256, 512), (200, 400)),
        ((4096, 64), (400, 20)),
    ],
)
def test_a_picture_of_any_size_keeps_its_proportions_and_fits(
    monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], shown: tuple[int, int]
) -> None:
    monkeypatch.setattr(screen, "picture_kind", lambda: SixelImage)
    monkeypatch.setattr("textual_image.renderable.sixel.get_cell_size", lambda: CellSize(10, 20))
    written = io.StringIO()
    picture = screen.drawn(Image.new("RGB", size, "red"))
    Console(file=written, force_terminal=True, width=100, height=40).print(picture)
    found = SIXELS.search(written.getvalue())
    assert found is not None
    assert (int(found[1]), int(found[2])) == shown


def test_where_there_is_no_terminal_no_picture_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    screen.picture_kind.cache_clear()
    assert screen.drawn(Image.new("RGB", (8, 8))) is None
    assert screen.preview_every(5, shown=True) is None
