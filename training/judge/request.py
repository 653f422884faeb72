"""What a picture is asked for with, and whatever makes pictures."""

from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from service.styles import DEFAULT_STYLE
from training.scenes import Scene


@dataclass(frozen=True, slots=True)
class Request:
    """One picture to make.

    `prompt` is without the style's words. `truth` is the scene that the prompt means, where training
    has such scenes; whoever makes pictures from words does not look at it.
    """

    prompt: str
    seed: int
    width: int
    height: int
    style: str = DEFAULT_STYLE
    truth: Scene | None = None


Painter = Callable[[list[Request]], list[Image.Image]]
"""Makes the RGB pictures of requests, in their order."""
