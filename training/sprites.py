"""Pictures of things on a transparent ground, one for each look a picture set gives."""

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Literal

import resvg_py
from PIL import Image

from training.sources import FLUENT, FLUENT_3D, FLUENT_FLAT, FLUENT_LINES, NOTO, Package, fetch

Look = Literal["3d", "gradient", "flat", "lines"]
SIZE = 384  # pixels a side; the 3D set has 256

_VECTOR: dict[Look, Package] = {
    "gradient": FLUENT,
    "flat": FLUENT_FLAT,
    "lines": FLUENT_LINES,
}

_CATEGORIES = (
    "Activities",
    "Animals & Nature",
    "Food & Drink",
    "Objects",
    "Smileys & Emotion",
    "Travel & Places",
)
_CLOCK = re.compile("-(oclock|thirty)$")


class Sprites:
    """Things by look, as RGBA squares of 384 pixels, drawn once and kept in `cache`."""

    def __init__(self, cache: Path) -> None:
        """Fetches the packages the first time."""
        self._cache = cache
        self._points = _code_points(fetch(NOTO, cache))
        fetch(FLUENT_3D, cache)
        self._get = lru_cache(maxsize=1500)(self._load)

    def get(self, icon: str, look: Look) -> Image.Image:
        """The picture of one thing; `icon` is the name in the picture sets.

        Raises:
            KeyError: the set has no such picture.
        """
        return self._get(icon, look)

    def names(self) -> tuple[str, ...]:
        """Every name that is drawn in all looks, without people, symbols, flags and clock faces."""
        folder = fetch(NOTO, self._cache) / "package"
        categories: dict[str, list[str]] = json.loads((folder / "metadata.json").read_text())["categories"]
        found = [name for category in _CATEGORIES for name in categories[category]]
        return tuple(name for name in found if not _CLOCK.search(name) and self._is_everywhere(name))

    def _is_everywhere(self, icon: str) -> bool:
        try:
            self._raster(icon)
            for look in _VECTOR:
                self._body(icon, look)
        except KeyError:
            return False
        return True

    def _load(self, icon: str, look: Look) -> Image.Image:
        if look == "3d":
            found = Image.open(self._raster(icon)).convert("RGBA")
            return found.resize((SIZE, SIZE), Image.Resampling.LANCZOS)
        file = self._cache / "sprites" / look / f"{icon}.png"
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            partial = file.with_suffix(".part")
            partial.write_bytes(self._draw(icon, look))
            partial.rename(file)
        return Image.open(file).convert("RGBA")

    def _raster(self, icon: str) -> Path:
        folder = self._cache / FLUENT_3D.folder / "package" / "assets"
        for point in self._points[icon]:
            for name in (point, f"{point}-fe0f"):
                if (file := folder / f"{name}.webp").exists():
                    return file
        raise KeyError(icon)

    def _draw(self, icon: str, look: Look) -> bytes:
        body, side = self._body(icon, look)
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}">{body}</svg>'
        return resvg_py.svg_to_bytes(svg_string=svg, width=SIZE, height=SIZE, skip_system_fonts=True)

    def _body(self, icon: str, look: Look) -> tuple[str, int]:
        icons = _icons(fetch(_VECTOR[look], self._cache))
        name = icons.get("aliases", {}).get(icon, {}).get("parent", icon)
        return icons["icons"][name]["body"], int(icons.get("width", 16))


@lru_cache(maxsize=len(_VECTOR))
def _icons(folder: Path) -> dict:  # type: ignore[type-arg]  # JSON as published
    return dict(json.loads((folder / "package" / "icons.json").read_text()))


def _code_points(noto: Path) -> dict[str, list[str]]:
    """Icon name to the code points under which other sets file it, dash-separated hexadecimal."""
    chars: dict[str, str] = json.loads((noto / "package" / "chars.json").read_text())
    points: dict[str, list[str]] = {}
    for point, name in chars.items():
        points.setdefault(name, []).append(point)
    return points
