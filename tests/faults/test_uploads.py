"""Images thrown at the real service: bombs, impostors and wrecks are refused, every color is taken."""

from __future__ import annotations  # the async stub exists for type checkers only

import asyncio
import base64
import struct
import time
import zlib
from typing import TYPE_CHECKING

import psutil
import pytest
from PIL import Image

from tests.faults.pictures import paint
from tests.faults.refusals import EDIT, wrong_fields
from tests.image_files import chunk, encode, png, webp_claiming
from tests.stack import Stack

if TYPE_CHECKING:
    from generation.v1.generation_pb2_grpc import GenerationAsyncStub

TAKES = "takes a PNG, JPEG or WebP file"
FIELDS = ("image_base64", "mask")
SMALL = Image.new("RGB", (64, 64), "red")
PHOTOGRAPH = Image.effect_noise((64, 64), 60).convert("RGB")
MIB = 2**20


def with_chunk(name: bytes, content: bytes) -> bytes:
    """A PNG with a chunk more behind its header."""
    whole, header = encode(SMALL, "PNG"), 33
    return whole[:header] + chunk(name, content) + whole[header:]


def first_half(kind: str) -> bytes:
    whole = encode(PHOTOGRAPH, kind)
    return whole[: len(whole) // 2]


def animated(kind: str) -> bytes:
    frames = [Image.new("RGB", (64, 64), (i * 50, 0, 0)) for i in range(3)]
    return encode(frames[0], kind, save_all=True, append_images=frames[1:])


ZEROS = zlib.compress(bytes(200 * MIB), 9)  # 200 KiB
BOMBS = {
    "30,000 x 30,000 png": png(30_000, 30_000, 8, 2, b"\0" * 1000),
    "30,000 x 30,000 png to the last pixel": png(30_000, 30_000, 1, 0, bytes(30_000 * (1 + 30_000 // 8))),
    "2^31 - 1 png": png(2**31 - 1, 2**31 - 1, 8, 2, b""),
    "4,096 x 4,096 png": png(4096, 4096, 8, 2, b"\0" * 1000),
    "webp": webp_claiming(16_383, 16_383),
    "compressed text": with_chunk(b"zTXt", b"Comment\0\0" + ZEROS),
    "compressed international text": with_chunk(b"iTXt", b"Comment\0\1\0\0\0" + ZEROS),
    "compressed color profile": with_chunk(b"iCCP", b"icc\0\0" + ZEROS),
}
OTHERS = {
    **{kind: encode(SMALL, kind) for kind in ("GIF", "BMP", "TIFF", "PPM", "ICO", "TGA", "PDF", "EPS")},
    "SVG": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
    "HEIC": struct.pack(">I", 24) + b"ftypheic\0\0\0\0mif1heic" + bytes(100),
    **{
        f"GIF posing as {name}": magic + encode(SMALL, "GIF")
        for name, magic in (
            ("PNG", b"\x89PNG\r\n\x1a\n"),
            ("JPEG", b"\xff\xd8\xff"),
            ("WebP", b"RIFF\0\0\0\0WEBPVP8 "),
        )
    },
}
NO_IMAGES = {
    "empty": (b"", f"is empty, {TAKES}"),
    "text": (b"hello", f"is of another kind or damaged, {TAKES}"),
    "zeros": (bytes(1000), f"is of another kind or damaged, {TAKES}"),
    "a data URL": (b"data:image/png;base64,iVBOR", 'is a "data:" URL, takes only what follows its comma'),
    "base64": (
        base64.b64encode(encode(SMALL, "PNG")),
        "is base64 inside bytes, takes the file itself (base64 only in JSON, and once)",
    ),
    "truncated PNG": (first_half("PNG"), "is damaged or incomplete and cannot be decoded"),
    "truncated JPEG": (first_half("JPEG"), "is damaged or incomplete and cannot be decoded"),
    "truncated WebP": (first_half("WEBP"), f"is of another kind or damaged, {TAKES}"),
    **{f"animated {kind}": (animated(kind), "is animated, takes a single image") for kind in ("PNG", "WEBP")},
}


@pytest.mark.parametrize("method", EDIT)
@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("data", BOMBS.values(), ids=BOMBS)
async def test_fault_07_a_bomb_is_refused_at_once_with_memory_flat(
    stack: Stack, generation: GenerationAsyncStub, method: str, field: str, data: bytes
) -> None:
    process = psutil.Process(stack.service.process.pid)
    await paint(
        generation, method, mask=encode(SMALL, "PNG")
    )  # what the first image of all loads is not the bomb's
    before, began = process.memory_info().rss, time.monotonic()
    calls = asyncio.gather(*(wrong_fields(generation, method, **{field: data}) for _ in range(4)))
    peak = await peak_rss(process, calls)
    assert time.monotonic() - began < 2
    for found in await calls:
        assert list(found) == [field]
    assert peak - before < 64 * MIB


async def peak_rss(process: psutil.Process, meanwhile: asyncio.Future[list[dict[str, str]]]) -> int:
    """The most memory that a process held until something was done, in bytes."""
    peak = process.memory_info().rss
    while not meanwhile.done():
        await asyncio.wait([meanwhile], timeout=0.005)
        peak = max(peak, process.memory_info().rss)
    return peak


@pytest.mark.parametrize("method", EDIT)
@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("data", OTHERS.values(), ids=OTHERS)
async def test_fault_08_another_format_or_one_that_poses_as_one(
    generation: GenerationAsyncStub, method: str, field: str, data: bytes
) -> None:
    found = await wrong_fields(generation, method, **{field: data})
    assert found == {field: f"is of another kind or damaged, {TAKES}"}


@pytest.mark.parametrize("method", EDIT)
@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize(("data", "told"), NO_IMAGES.values(), ids=NO_IMAGES)
async def test_fault_22_what_is_no_single_whole_image(
    generation: GenerationAsyncStub, method: str, field: str, data: bytes, told: str
) -> None:
    assert await wrong_fields(generation, method, **{field: data}) == {field: told}


@pytest.mark.parametrize("method", EDIT)
async def test_fault_22_an_image_that_is_too_narrow(generation: GenerationAsyncStub, method: str) -> None:
    narrow = encode(Image.new("RGB", (63, 64)), "PNG")
    found = await wrong_fields(generation, method, image_base64=narrow)
    assert found == {"image_base64": "is 63 x 64 pixels, takes 64 to 4096 pixels a side"}


@pytest.mark.parametrize("method", EDIT)
@pytest.mark.parametrize("size", [(64, 72), (128, 64), (256, 256)])
async def test_fault_22_a_mask_of_another_size_than_the_image(
    generation: GenerationAsyncStub, method: str, size: tuple[int, int]
) -> None:
    found = await wrong_fields(generation, method, mask=encode(Image.new("L", size), "PNG"))
    assert found == {"mask": f"is {size[0]} x {size[1]} pixels, takes the image's size 64 x 64"}
