"""Reads images that clients send: refused before any decoding, or upright RGB."""

import base64
import io
import warnings
from typing import NoReturn

from PIL import Image, ImageOps

from service.params.limits import LONGEST_UPLOAD_SIDE, SHORTEST_UPLOAD_SIDE

_FORMATS = ("PNG", "JPEG", "WEBP")
_TAKES = "takes a PNG, JPEG or WebP file"
# The three formats' first bytes as base64 writes them.
_AS_BASE64 = (b"iVBORw0KGgo", b"/9j/", b"UklGR")
_DATA_URLS = (b"data:", base64.b64decode("dataimag"))  # as it is, and through a lax base64 decoder

# Pillow warns about odd metadata, in words that the file chooses: nothing for the log.
warnings.filterwarnings("ignore", module=r"PIL\.")


class ImageRefused(Exception):
    """The bytes are no image that is taken; `description` says what they are and what is taken."""

    def __init__(self, description: str) -> None:
        super().__init__(description)
        self.description = description


def decode_upload(data: bytes, max_pixels: int) -> Image.Image:
    """The upright RGB image in a PNG, JPEG or WebP file.

    Transparency is laid on white, EXIF rotation applied, 16 bits become 8, metadata is dropped.
    Format and size are read from the header and refused before anything is decoded: 64 to 4096
    pixels a side, at most `max_pixels` in area. Raises ImageRefused.
    """
    _refuse_text(data)
    image = _open(data)
    _refuse_size(image.width, image.height, max_pixels)
    # A JPEG of several pictures is a photograph with its depth map or brightness map.
    if image.format in ("PNG", "WEBP") and getattr(image, "is_animated", False):
        raise ImageRefused("is animated, takes a single image")
    try:
        return _upright_rgb(image)
    except Exception as error:  # Pillow raises a dozen kinds on damaged files
        raise ImageRefused("is damaged or incomplete and cannot be decoded") from error


def decode_mask(data: bytes, size: tuple[int, int]) -> Image.Image:
    """A mask for an image of `size`, in mode "L": 255 where the file is nearer to white, else 0.

    Raises ImageRefused, as decode_upload does, and for another size.
    """
    _refuse_text(data)
    header = _open(data)
    if sorted(header.size) != sorted(size):  # the other way round it may yet be turned upright
        _refuse_other_size(header.size, size)
    mask = decode_upload(data, size[0] * size[1])
    if mask.size != size:
        _refuse_other_size(mask.size, size)
    return mask.convert("L").point(lambda value: 255 if value >= 128 else 0)


def _refuse_other_size(got: tuple[int, int], takes: tuple[int, int]) -> NoReturn:
    sizes = [" x ".join(map(str, sides)) for sides in (got, takes)]
    raise ImageRefused(f"is {sizes[0]} pixels, takes the image's size {sizes[1]}")


def _refuse_text(data: bytes) -> None:
    if not data:
        raise ImageRefused(f"is empty, {_TAKES}")
    if data.startswith(_DATA_URLS):
        raise ImageRefused('is a "data:" URL, takes only what follows its comma')
    if data.startswith(_AS_BASE64):
        raise ImageRefused("is base64 inside bytes, takes the file itself (base64 only in JSON, and once)")


def _open(data: bytes) -> Image.Image:
    """Reads the header. Pillow's own guard against decompression bombs stays on in front of ours:
    it keeps the WebP decoder from making room for a canvas of any size that the header claims."""
    try:
        return Image.open(io.BytesIO(data), formats=_FORMATS)
    except Image.DecompressionBombError as error:
        sides = f"{SHORTEST_UPLOAD_SIDE} to {LONGEST_UPLOAD_SIDE} pixels a side"
        raise ImageRefused(f"is far too large, takes {sides}") from error
    except Exception as error:  # Pillow raises a dozen kinds on damaged files
        raise ImageRefused(f"is of another kind or damaged, {_TAKES}") from error


def _refuse_size(width: int, height: int, max_pixels: int) -> None:
    if not all(SHORTEST_UPLOAD_SIDE <= side <= LONGEST_UPLOAD_SIDE for side in (width, height)):
        sides = f"{SHORTEST_UPLOAD_SIDE} to {LONGEST_UPLOAD_SIDE} pixels a side"
        raise ImageRefused(f"is {width} x {height} pixels, takes {sides}")
    if width * height > max_pixels:
        raise ImageRefused(f"is {width} x {height} pixels, takes at most {max_pixels} in area")


def _upright_rgb(image: Image.Image) -> Image.Image:
    image.load()
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):  # 16 bits of grey, which converting would cut off at 255
        image = image.point(lambda value: value / 256).convert("L")
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
    rgb = image.convert("RGB")
    rgb.info.clear()
    return rgb
