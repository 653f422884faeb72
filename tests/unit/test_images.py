import base64
import random
import re
import resource

import pytest
from PIL import Image

from service.images import ImageRefused, decode_upload
from tests.image_files import encode, png, webp_claiming

# pytest undoes the filter that the module sets for itself.
pytestmark = pytest.mark.filterwarnings(r"ignore:::PIL\.")

MAX_PIXELS = 1_572_864
RED, WHITE = (255, 0, 0), (255, 255, 255)


def refusal(data: bytes, max_pixels: int = MAX_PIXELS) -> str:
    with pytest.raises(ImageRefused) as caught:
        decode_upload(data, max_pixels)
    return caught.value.description


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_the_three_formats_are_read(kind: str) -> None:
    image = decode_upload(encode(Image.new("RGB", (96, 64), RED), kind), MAX_PIXELS)
    assert (image.mode, image.size, image.info) == ("RGB", (96, 64), {})
    assert near(image, RED)


def near(image: Image.Image, color: tuple[int, int, int]) -> bool:
    pixel = image.getpixel((1, 1))
    assert isinstance(pixel, tuple)
    return all(abs(got - want) < 5 for got, want in zip(pixel, color, strict=True))


@pytest.mark.parametrize(
    "data",
    [
        png(30_000, 30_000, 8, 2, b"\0" * 1000),
        png(12_000, 12_000, 8, 2, b"\0" * 1000),
        webp_claiming(16_383, 16_383),
    ],
    ids=["png", "smaller png", "webp"],
)
def test_fault_07_a_bomb_is_refused_from_its_header_with_memory_flat(data: bytes) -> None:
    assert len(data) < 4096
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "takes 64 to 4096 pixels a side" in refusal(data)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # KiB


def test_fault_07_sizes_are_refused_by_side_and_by_area() -> None:
    assert refusal(png(4097, 64, 8, 2, b"")) == "is 4097 x 64 pixels, takes 64 to 4096 pixels a side"
    assert refusal(png(64, 63, 8, 2, b"")) == "is 64 x 63 pixels, takes 64 to 4096 pixels a side"
    assert refusal(png(128, 65, 8, 2, b""), 8192) == "is 128 x 65 pixels, takes at most 8192 in area"
    assert decode_upload(encode(Image.new("RGB", (128, 64)), "PNG"), 8192).size == (128, 64)


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "PPM", "ICO", "TGA", "PDF"])
def test_fault_08_other_formats_are_refused(kind: str) -> None:
    assert "takes a PNG, JPEG or WebP file" in refusal(encode(Image.new("RGB", (64, 64)), kind))


def test_fault_08_a_format_that_poses_as_another_is_refused() -> None:
    gif = encode(Image.new("RGB", (64, 64)), "GIF")
    for start in (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBPVP8 "):
        assert "takes a PNG, JPEG or WebP file" in refusal(start + gif)


@pytest.mark.parametrize("data", [b"", b"\0", b"hello", b"\x89PNG\r\n\x1a\n", b"<svg/>" * 50])
def test_fault_22_what_is_no_image_is_refused(data: bytes) -> None:
    assert "takes a PNG, JPEG or WebP file" in refusal(data)


def test_fault_22_data_urls_and_base64_text_are_explained() -> None:
    files = [encode(Image.new("RGB", (64, 64)), kind) for kind in ("PNG", "JPEG", "WEBP")]
    url = b"data:image/png;base64," + base64.b64encode(files[0])
    assert '"data:" URL' in refusal(url)
    skipping = re.sub(rb"[^A-Za-z0-9+/]", b"", url)  # as decoders do that skip what is not base64
    assert '"data:" URL' in refusal(base64.b64decode(skipping[: len(skipping) // 4 * 4]))
    for file in files:
        assert "base64 inside bytes" in refusal(base64.b64encode(file))


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_fault_22_animations_are_refused(kind: str) -> None:
    frames = [Image.new("RGB", (64, 64), (i * 50, 0, 0)) for i in range(3)]
    data = encode(frames[0], kind, save_all=True, append_images=frames[1:])
    assert refusal(data) == "is animated, takes a single image"


def test_fault_22_of_a_photograph_with_a_second_picture_the_first_counts() -> None:
    pictures = [Image.new("RGB", (64, 64), RED), Image.new("RGB", (64, 64), WHITE)]
    assert near(
        decode_upload(encode(pictures[0], "MPO", save_all=True, append_images=pictures[1:]), MAX_PIXELS), RED
    )


@pytest.mark.parametrize(
    ("name", "data", "color"),
    [
        ("cmyk", encode(Image.new("CMYK", (64, 64), (0, 255, 255, 0)), "JPEG", quality=95), RED),
        ("grey", encode(Image.new("L", (64, 64), 77), "PNG"), (77, 77, 77)),
        ("black and white", encode(Image.new("1", (64, 64), 1), "PNG"), WHITE),
        ("16-bit grey", encode(Image.new("I;16", (64, 64), 200 * 256), "PNG"), (200, 200, 200)),
        ("16-bit", png(64, 64, 16, 2, (b"\0" + b"\xff\x80\0\0\0\0" * 64) * 64), RED),
        ("16-bit clear", png(64, 64, 16, 6, (b"\0" + b"\xff\x80\0\0\0\0\0\0" * 64) * 64), WHITE),
        ("clear", encode(Image.new("RGBA", (64, 64), (255, 0, 0, 0)), "PNG"), WHITE),
        ("half clear", encode(Image.new("RGBA", (64, 64), (255, 0, 0, 128)), "PNG"), (255, 127, 127)),
        ("clear grey", encode(Image.new("LA", (64, 64), (0, 0)), "PNG"), WHITE),
        ("clear webp", encode(Image.new("RGBA", (64, 64), (255, 0, 0, 0)), "WEBP", exact=True), WHITE),
        ("one clear color", encode(Image.new("RGB", (64, 64), RED), "PNG", transparency=RED), WHITE),
        ("palette", encode(Image.new("RGB", (64, 64), RED).quantize(), "PNG"), RED),
        ("clear palette", encode(Image.new("RGB", (64, 64), RED).quantize(), "PNG", transparency=0), WHITE),
    ],
)
def test_fault_22_every_kind_of_color_becomes_rgb(
    name: str, data: bytes, color: tuple[int, int, int]
) -> None:
    image = decode_upload(data, MAX_PIXELS)
    assert image.mode == "RGB"
    assert near(image, color)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_fault_22_rotation_is_applied(kind: str) -> None:
    image = Image.new("RGB", (128, 64), WHITE)
    image.paste(RED, (0, 0, 128, 32))
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: the top is on the right
    upright = decode_upload(encode(image, kind, exif=exif), MAX_PIXELS)
    assert upright.size == (64, 128)
    assert near(upright, WHITE)
    assert near(upright.transpose(Image.Transpose.FLIP_LEFT_RIGHT), RED)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_fault_22_truncated_and_damaged_files_are_refused_or_read_and_nothing_else(kind: str) -> None:
    rng = random.Random(22)
    exif = Image.Exif()
    exif[0x0112] = 6
    whole = encode(Image.effect_noise((96, 80), 60).convert("RGB"), kind, exif=exif)
    assert "damaged" in refusal(whole[: len(whole) // 2])
    for _ in range(300):
        damaged = bytearray(whole[: rng.choice([len(whole), rng.randrange(1, len(whole))])])
        for _ in range(rng.randrange(6)):
            damaged[rng.randrange(min(len(damaged), rng.choice([60, 400, len(whole)])))] = rng.randrange(256)
        assert outcome(bytes(damaged)) in ("RGB", "is")


def outcome(data: bytes) -> str:
    """The mode of the image, or the refusal's first word."""
    try:
        return decode_upload(data, MAX_PIXELS).mode
    except ImageRefused as refused:
        return refused.description.split()[0]
