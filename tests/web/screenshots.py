"""Makes the pictures of the page in docs/web: `python -m tests.web.screenshots`."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

from service.models.catalogue import PICTUREBOOK, folder_of
from tests.stack import MODELS_DIR, running_stack
from tests.web.browser import ROOT, fetch_packages, running_browser

FOLDER = ROOT / "docs" / "web"
SIZE = {"width": 512, "height": 512, "seed": 7}
TALL = {"width": 1200, "height": 1040}
CAT = "A cat wearing sunglasses"
SCREENS: dict[str, dict[str, Any]] = {
    "text": {"mode": "text", "prompt": "What is the capital of France?", "parameters": {"temperature": 0}},
    "image-dark": {"mode": "image", "prompt": CAT, "parameters": SIZE, "viewport": TALL, "colors": "dark"},
    "edit": {
        "mode": "edit",
        "prompt": "A cat wearing sunglasses on a blue background",
        "parameters": {"strength": 0.5, "seed": 7},
        "viewport": TALL,
    },
    "frames-dark": {
        "mode": "frames",
        "prompt": "A sailboat on the sea at sunset",
        "parameters": SIZE | {"num_frames": 8},
        "viewport": TALL,
        "colors": "dark",
    },
    "narrow": {
        "mode": "image",
        "prompt": "A forest at dusk",
        "parameters": SIZE | {"height": 384},
        "viewport": {"width": 360, "height": 800},
    },
}


async def main() -> None:
    """Shoots every screen on a stack of its own, with the models that come with the service."""
    fetch_packages()
    FOLDER.mkdir(parents=True, exist_ok=True)
    model = folder_of(PICTUREBOOK.name, MODELS_DIR)
    with tempfile.TemporaryDirectory() as folder:
        async with (
            running_stack(Path(folder), image_model=str(model)) as stack,
            running_browser(stack.rest_url) as browser,
        ):
            SCREENS["edit"]["picture"] = await painted(stack.rest_url)
            for name, screen in SCREENS.items():
                await browser.play("shows", path=str(FOLDER / f"{name}.png"), **screen)
            await browser.play("showsErrors", path=str(FOLDER / "errors.png"))
    for file in FOLDER.glob("*.png"):
        image = Image.open(file).convert("RGB")
        image.quantize(palette=image.quantize(256)).save(file, optimize=True)  # dithered: half the size


async def painted(url: str) -> str:
    """The picture that is edited, in base64."""
    async with httpx.AsyncClient(base_url=url, timeout=120, trust_env=False) as rest:
        response = await rest.post("/image/generate", json={"prompt": CAT, **SIZE})
        response.raise_for_status()
        return str(response.json()["image_base64"])


if __name__ == "__main__":
    asyncio.run(main())
