"""Makes the pictures of the page in docs/web: `python -m tests.web.screenshots [image model]`."""

import asyncio
import base64
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.checkpoints import write_checkpoint
from tests.grpc.images import picture
from tests.stack import running_stack
from tests.web.browser import ROOT, running_browser

FOLDER = ROOT / "docs" / "web"
SMALL = {"width": 256, "height": 256, "num_inference_steps": 12, "seed": 7}
PICTURE = base64.b64encode(picture(256, 192)).decode()
NARROW = {"width": 360, "height": 800}
SCREENS: dict[str, dict[str, Any]] = {
    "text": {"mode": "text", "prompt": "What is the capital of France?", "parameters": {"temperature": 0}},
    "image-dark": {"mode": "image", "prompt": "A lighthouse at dusk", "parameters": SMALL, "colors": "dark"},
    "edit": {
        "mode": "edit",
        "prompt": "Turn it into a painting",
        "parameters": {"num_inference_steps": 8, "strength": 0.6, "seed": 7},
        "picture": PICTURE,
    },
    "frames-dark": {
        "mode": "frames",
        "prompt": "A spinning cube",
        "parameters": SMALL | {"num_inference_steps": 4},
        "colors": "dark",
    },
    "narrow": {
        "mode": "image",
        "prompt": "A lighthouse at dusk",
        "parameters": SMALL | {"num_inference_steps": 4},
        "viewport": NARROW,
    },
}


async def main(image_model: Path) -> None:
    """Shoots every screen on a stack of its own."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        async with (
            running_stack(Path(folder), image_model=str(image_model)) as stack,
            running_browser(stack.rest_url) as browser,
        ):
            for name, screen in SCREENS.items():
                await browser.play("shows", path=str(FOLDER / f"{name}.png"), **screen)
            await browser.play("showsErrors", path=str(FOLDER / "errors.png"))
    for file in FOLDER.glob("*.png"):
        image = Image.open(file).convert("RGB")
        image.quantize(palette=image.quantize(256)).save(file, optimize=True)  # dithered: half the size


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run(main(Path(sys.argv[1])))
    else:
        with tempfile.TemporaryDirectory() as made_up:
            write_checkpoint(Path(made_up) / "made-up-sdxl")
            asyncio.run(main(Path(made_up) / "made-up-sdxl"))
