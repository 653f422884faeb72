"""What is painted, and who paints it: the interface that every way to an image shares."""

from dataclasses import dataclass
from typing import Protocol

PROMPT = "a red cat on a table, painted in oil"


@dataclass(frozen=True, slots=True)
class Work:
    """One square image of `size` pixels a side."""

    size: int
    steps: int
    guidance: float = 5.0

    def fields(self, seed: int) -> dict[str, str | int | float]:
        """The request's fields. The style "none" leaves the prompt as stock diffusers gets it."""
        return {
            "prompt": PROMPT,
            "style": "none",
            "num_inference_steps": self.steps,
            "guidance_scale": self.guidance,
            "width": self.size,
            "height": self.size,
            "seed": seed,
        }


class Painter(Protocol):
    """A way to an image."""

    name: str

    async def paint(self, work: Work, seed: int) -> bytes:
        """From a request to a PNG file; calls may overlap."""
