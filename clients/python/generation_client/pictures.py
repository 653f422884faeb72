"""Pictures on their way to the service and back."""

import io
import os
from pathlib import Path
from typing import TypeAlias

from PIL import Image, ImageOps

# A picture in memory, the path of a PNG, JPEG or WebP file, or what such a file holds.
Picture: TypeAlias = Image.Image | str | os.PathLike[str] | bytes
PNG_MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")


def to_file(picture: Picture) -> bytes:
    """The file to send: what a path or bytes hold, as it is; a picture in memory as PNG.

    Raises OSError if the file cannot be read.
    """
    if isinstance(picture, bytes):
        return picture
    if isinstance(picture, Image.Image):
        return _png(picture)
    return Path(picture).read_bytes()


def from_file(file: bytes) -> Image.Image:
    """The picture in a file, decoded to its end."""
    image = Image.open(io.BytesIO(file))
    image.load()
    return image


def _png(image: Image.Image) -> bytes:
    upright = ImageOps.exif_transpose(image)  # a PNG written here carries no orientation
    if upright.mode not in PNG_MODES:
        upright = upright.convert("RGB")
    buffer = io.BytesIO()
    upright.save(buffer, "PNG")
    return buffer.getvalue()
