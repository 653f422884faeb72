"""Animations are decoded again, as a player would."""

import io
from collections.abc import Callable

import av
import pytest
from PIL import Image, ImageChops, ImageStat

from service.animation import encode_animation
from service.engine.events import Pixels
from service.params.image import AnimationFormat

COLORS = ("#c03020", "#30a040", "#2040c0", "#d0c010", "#808080", "#f0f0f0")


def frame(color: str, width: int = 96, height: int = 64) -> Pixels:
    """A colour with a grey square in it."""
    image = Image.new("RGB", (width, height), color)
    image.paste("#404040", (16, 16, 48, 48))
    return Pixels(width, height, image.tobytes())


def decode_webp(data: bytes) -> tuple[list[Image.Image], float]:
    """The frames and the seconds that the whole takes."""
    film = Image.open(io.BytesIO(data))
    assert (film.format, film.info["loop"]) == ("WEBP", 0)
    images, milliseconds = [], 0
    for number in range(getattr(film, "n_frames", 1)):
        film.seek(number)
        images.append(film.convert("RGB"))
        milliseconds += film.info["duration"]
    return images, milliseconds / 1000


def decode_mp4(data: bytes) -> tuple[list[Image.Image], float]:
    with av.open(io.BytesIO(data), "r") as film:
        stream = film.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
        assert stream.duration is not None
        assert stream.time_base is not None
        seconds = float(stream.duration * stream.time_base)
        images = [picture.to_image() for picture in film.decode(stream)]  # type: ignore[no-untyped-call]
        return images, seconds


DECODERS: dict[AnimationFormat, Callable[[bytes], tuple[list[Image.Image], float]]] = {
    "webp": decode_webp,
    "mp4": decode_mp4,
}


def difference(image: Image.Image, pixels: Pixels) -> float:
    """The mean difference of a channel's values, of 255."""
    as_sent = Image.frombytes("RGB", (pixels.width, pixels.height), pixels.data).crop((0, 0, *image.size))
    return max(ImageStat.Stat(ImageChops.difference(image, as_sent)).mean)


@pytest.mark.parametrize("kind", DECODERS)
@pytest.mark.parametrize("fps", [1, 8, 60])
def test_every_frame_is_there_in_order_size_pace_and_colour(kind: AnimationFormat, fps: int) -> None:
    frames = [frame(color) for color in COLORS]
    images, seconds = DECODERS[kind](encode_animation(frames, kind, fps))
    assert len(images) == len(frames)
    assert seconds == pytest.approx(len(frames) / fps, abs=0.001)
    for image, sent in zip(images, frames, strict=True):
        assert image.size == (96, 64)
        assert difference(image, sent) < 5


def test_a_single_frame_is_a_film_of_one_or_a_still() -> None:
    sent = frame(COLORS[0])
    still = Image.open(io.BytesIO(encode_animation([sent], "webp", 8)))
    assert difference(still.convert("RGB"), sent) < 5
    images, seconds = decode_mp4(encode_animation([sent], "mp4", 8))
    assert (len(images), seconds) == (1, 0.125)


def test_equal_frames_of_a_webp_take_as_long_as_they_would() -> None:
    frames = [frame(COLORS[0])] * 3 + [frame(COLORS[1])]
    assert decode_webp(encode_animation(frames, "webp", 8))[1] == 0.5


def test_an_mp4_of_an_odd_size_goes_without_its_last_row_and_column() -> None:
    images, _ = decode_mp4(encode_animation([frame(COLORS[0], 97, 65)] * 2, "mp4", 8))
    assert [image.size for image in images] == [(96, 64)] * 2
    assert difference(images[0], frame(COLORS[0], 97, 65)) < 5


def test_an_mp4_of_many_frames_has_its_index_before_its_pictures() -> None:
    data = encode_animation([frame(COLORS[i % len(COLORS)]) for i in range(64)], "mp4", 60)
    assert 0 < data.index(b"moov") < data.index(b"mdat")
    assert len(decode_mp4(data)[0]) == 64
