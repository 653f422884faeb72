"""Contact sheets: pictures in rows with a line of text under each."""

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from training.judge.request import Painter, Request

LINE = 16  # pixels for the text
GAP = 6
RED, BLACK, WHITE = (200, 0, 0), (0, 0, 0), (255, 255, 255)


def sheet(
    pictures: Sequence[Image.Image],
    captions: Sequence[str],
    marked: Sequence[bool] | None = None,
    side: int = 160,
    columns: int | None = None,
) -> Image.Image:
    """The pictures inside squares of `side` pixels; those that are marked are framed in red."""
    columns = columns or max(6, round(1.3 * len(pictures) ** 0.5))
    rows = -(-len(pictures) // columns)
    step = (side + GAP, side + LINE + GAP)
    page = Image.new("RGB", (GAP + columns * step[0], GAP + rows * step[1]), WHITE)
    pen = ImageDraw.Draw(page)
    marks = marked or [False] * len(pictures)
    for number, (picture, caption, mark) in enumerate(zip(pictures, captions, marks, strict=True)):
        x, y = GAP + number % columns * step[0], GAP + number // columns * step[1]
        small = picture.convert("RGB").copy()
        small.thumbnail((side, side), Image.Resampling.LANCZOS)
        page.paste(small, (x + (side - small.width) // 2, y + (side - small.height) // 2))
        if mark:
            pen.rectangle((x - 2, y - 2, x + side + 1, y + side + 1), outline=RED, width=3)
        pen.text((x, y + side + 2), _cropped(caption, side), fill=RED if mark else BLACK, font=_font())
    return page


def sheet_of(prompts: Sequence[str], painter: Painter, size: int, seed: int = 1) -> Image.Image:
    """What a painter makes of prompts in the default style, all from one seed."""
    return sheet_of_requests([Request(prompt, seed, size, size) for prompt in prompts], painter)


def sheet_of_requests(requests: list[Request], painter: Painter) -> Image.Image:
    """What a painter makes of requests, with their prompts."""
    return sheet(painter(requests), [request.prompt for request in requests], side=224, columns=6)


def _font() -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(10)


def _cropped(text: str, width: int) -> str:
    """As much of a text as fits."""
    font = _font()
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(f"{text}...") > width:
        text = text[:-1]
    return f"{text.rstrip()}..."
