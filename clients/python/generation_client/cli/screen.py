"""What is seen while a picture is painted: a bar, and previews where the terminal can show pictures."""

import logging
import sys
from collections.abc import Callable
from functools import cache
from types import TracebackType
from typing import Self

from PIL import Image
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from generation_client.results import FramesProgress, Progress

PREVIEW_EVERY = 5
PREVIEW_COLUMNS = 40
# Its warnings would be printed above the bar, and so draw the picture again that they are about, without end.
logging.getLogger("textual_image").addHandler(logging.NullHandler())


@cache
def picture_kind() -> Callable[..., RenderableType] | None:
    """What draws pictures in this terminal; None where it cannot show any."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return None
    # Importing it asks the terminal what it can, and waits a moment for the answer.
    from textual_image import renderable

    exact = (renderable.SixelImage, renderable.TGPImage)  # the others draw with letters
    return renderable.Image if renderable.Image in exact else None


def preview_every(asked: int | None, shown: bool) -> int | None:
    """How often previews are asked for: never where nobody would see them."""
    if not shown or picture_kind() is None:
        return None
    return PREVIEW_EVERY if asked is None else asked


class Screen:
    """Shows progress on the terminal, and nothing where there is none. Use it as a context."""

    def __init__(self, shown: bool) -> None:
        # Pictures only come on standard output; a bar must not get into what is piped.
        self._console = Console(stderr=not sys.stdout.isatty())
        self._shown = shown and self._console.is_terminal
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
        )
        self._task = self._bar.add_task("connecting", total=None)
        self._live = Live(self._bar, console=self._console, transient=True)

    def __enter__(self) -> Self:
        if self._shown:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def update(self, news: Progress) -> None:
        """Shows what is new."""
        if news.queue_position is not None:
            ahead = f"{news.queue_position} ahead" if news.queue_position else "starting"
            about = f", about {news.estimated_seconds:.0f} s" if news.estimated_seconds else ""
            self._bar.update(self._task, description=ahead + about)
        if news.step is not None:
            self._bar.update(self._task, description="painting", completed=news.step, total=news.total_steps)
        frame = news.frame if isinstance(news, FramesProgress) else None
        if (picture := frame or news.preview) and (shown := drawn(picture)):
            self._live.update(Group(shown, self._bar))

    def finish(self, image: Image.Image) -> None:
        """Leaves the complete picture on the screen."""
        self._live.stop()
        if self._shown and (shown := drawn(image)):
            self._console.print(shown)


def drawn(image: Image.Image) -> RenderableType | None:
    """A picture as the terminal shows it, in its own proportions; None where it cannot show any."""
    kind = picture_kind()
    if kind is None:
        return None
    width = max(1, PREVIEW_COLUMNS * image.width // max(image.size))
    is_a_line = image.width > PREVIEW_COLUMNS * image.height  # its height would be rounded to no row
    return kind(image, width=width, height=1 if is_a_line else "auto")
