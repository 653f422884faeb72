"""Uploads in every kind of color and turned by their EXIF data: taken as upright RGB, and painted over."""

from __future__ import annotations  # the async stub exists for type checkers only

from typing import TYPE_CHECKING, TypeAlias

import pytest
from PIL import Image

from tests.faults.pictures import paint
from tests.faults.refusals import EDIT
from tests.image_files import encode, png

if TYPE_CHECKING:
    from generation.v1.generation_pb2_grpc import GenerationAsyncStub

Color: TypeAlias = tuple[int, int, int]
RED, WHITE, PINK = (255, 0, 0), (255, 255, 255), (255, 127, 127)
SQUARE = (64, 64)
PLAIN = Image.new("RGB", SQUARE, "red")
HALF_CLEAR = Image.new("RGBA", SQUARE, (255, 0, 0, 128))


def turned(kind: str) -> bytes:
    """An image, 128 x 64, whose EXIF data says that its left side, which is red, belongs on top."""
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.new("RGB", (128, 64), "blue")
    image.paste(PLAIN, (0, 0))
    return encode(image, kind, exif=exif)


# The file, its upright size, and the color of its upper left corner.
TAKEN: dict[str, tuple[bytes, tuple[int, int], Color]] = {
    **{kind: (encode(Image.new("RGB", (96, 80), "red"), kind), (96, 80), RED) for kind in ("JPEG", "WEBP")},
    "CMYK": (encode(Image.new("CMYK", SQUARE, (0, 255, 255, 0)), "JPEG"), SQUARE, RED),
    "grey": (encode(Image.new("L", SQUARE, 77), "PNG"), SQUARE, (77, 77, 77)),
    "black and white": (encode(Image.new("1", SQUARE, 1), "PNG"), SQUARE, WHITE),
    "16-bit grey": (encode(Image.new("I;16", SQUARE, 200 * 256), "PNG"), SQUARE, (200, 200, 200)),
    "16-bit": (png(64, 64, 16, 2, (b"\0" + b"\xff\x80\0\0\0\0" * 64) * 64), SQUARE, RED),
    "16-bit with alpha": (png(64, 64, 16, 6, (b"\0" + b"\xff\x80" * 64 * 4) * 64), SQUARE, WHITE),
    "16-bit and clear": (png(64, 64, 16, 6, (b"\0" + b"\xff\x80\0\0\0\0\0\0" * 64) * 64), SQUARE, WHITE),
    "palette": (encode(PLAIN.quantize(), "PNG"), SQUARE, RED),
    "palette with a clear color": (encode(PLAIN.quantize(), "PNG", transparency=0), SQUARE, WHITE),
    "alpha": (encode(HALF_CLEAR, "PNG"), SQUARE, PINK),
    "WebP with alpha": (encode(HALF_CLEAR, "WEBP"), SQUARE, PINK),
    **{f"turned {kind}": (turned(kind), (64, 128), RED) for kind in ("PNG", "JPEG", "WEBP")},
}


@pytest.mark.parametrize("method", EDIT)
@pytest.mark.parametrize(("data", "size", "color"), TAKEN.values(), ids=TAKEN)
async def test_fault_22_every_kind_of_color_and_rotation_is_painted_in_its_upright_size(
    generation: GenerationAsyncStub, method: str, data: bytes, size: tuple[int, int], color: Color
) -> None:
    (image,) = (await paint(generation, method, image_base64=data)).images
    assert (image.mode, image.size) == ("RGB", size)
    # What a mask keeps comes back as it was sent.
    keep = encode(Image.new("L", size, 0), "PNG")
    (kept,) = (await paint(generation, method, image_base64=data, mask=keep)).images
    seen = kept.getpixel((8, 8))
    assert isinstance(seen, tuple)
    assert all(abs(got - sent) <= 3 for got, sent in zip(seen, color, strict=True)), seen
