import io

import pytest
from PIL import Image

from service.engine.events import Pixels
from service.pictures import encode_jpeg, encode_png


@pytest.fixture
def pixels() -> Pixels:
    image = Image.radial_gradient("L").resize((120, 72)).convert("RGB")
    return Pixels(120, 72, image.tobytes())


def test_a_png_has_every_pixel_as_it_was(pixels: Pixels) -> None:
    image = Image.open(io.BytesIO(encode_png(pixels)))
    assert (image.format, image.mode, image.size) == ("PNG", "RGB", (120, 72))
    assert image.tobytes() == pixels.data


def test_a_png_is_small_where_nothing_changes() -> None:
    assert len(encode_png(Pixels(1024, 1024, bytes(3 << 20)))) < 20_000


def test_a_preview_is_a_jpeg_that_looks_alike(pixels: Pixels) -> None:
    image = Image.open(io.BytesIO(encode_jpeg(pixels)))
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (120, 72))
    far = max(abs(a - b) for a, b in zip(image.tobytes(), pixels.data, strict=True))
    assert far < 20
