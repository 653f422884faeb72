"""Every call, sync and async, on the real service."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

from generation_client import AsyncClient, Client, ImageOptions, Message, TextOptions
from PIL import Image, ImageChops

from tests.image_files import encode
from tests.stack import Stack

SEA = "Write two sentences about the sea."
CAT = "A cat wearing sunglasses"
TEXT: TextOptions = {"seed": 11, "max_tokens": 30}
SMALL: ImageOptions = {"width": 128, "height": 64, "num_inference_steps": 4, "seed": 7}
TURNS: list[Message] = [
    {"role": "system", "content": "You are a helpful assistant."},
    {"role": "user", "content": "My name is Ada."},
    {"role": "assistant", "content": "Nice to meet you, Ada."},
    {"role": "user", "content": "What is my name?"},
]


def differ(one: Image.Image, other: Image.Image) -> bool:
    return ImageChops.difference(one, other).getbbox() is not None


def test_the_pieces_of_a_stream_add_up_to_the_unary_answer(client: Client) -> None:
    stream = client.stream_text(SEA, **TEXT)
    pieces = list(stream)
    assert stream.result == client.text(SEA, **TEXT)
    assert "".join(pieces) == stream.result.text
    assert len(pieces) > 5
    assert stream.result.seed == 11
    assert stream.result.finish_reason in ("stop", "length")


async def test_the_async_client_writes_what_the_sync_one_writes(
    async_client: AsyncClient, client: Client
) -> None:
    expected = await asyncio.to_thread(client.text, SEA, **TEXT)
    async with async_client.stream_text(SEA, **TEXT) as stream:
        pieces = [piece async for piece in stream]
    assert "".join(pieces) == expected.text
    assert stream.result == expected == await async_client.text(SEA, **TEXT)


def test_a_chat_knows_what_was_said(client: Client) -> None:
    stream = client.stream_chat(TURNS, temperature=0)
    assert "Ada" in "".join(stream)
    assert stream.result == client.chat(TURNS, temperature=0, seed=stream.result.seed)


async def test_an_async_chat_knows_what_was_said(async_client: AsyncClient) -> None:
    stream = async_client.stream_chat(TURNS, temperature=0)
    assert "Ada" in "".join([piece async for piece in stream])
    assert (await async_client.chat(TURNS, temperature=0)).text == stream.result.text


def test_an_image_comes_with_its_seed_and_as_the_file_that_was_sent(client: Client) -> None:
    painting = client.image(CAT, width=128, height=64, num_inference_steps=2)
    assert (painting.image.size, painting.image.mode) == ((128, 64), "RGB")
    assert not differ(painting.image, Image.open(io.BytesIO(painting.png)))
    again = client.image(CAT, width=128, height=64, num_inference_steps=2, seed=painting.seed)
    assert again.png == painting.png


def test_the_stream_of_an_image_has_its_place_steps_and_previews_and_ends_with_it(client: Client) -> None:
    asked: ImageOptions = {**SMALL, "preview_every": 2}
    stream = client.stream_image(CAT, **asked)
    news = list(stream)
    assert news[0].queue_position == 0
    assert news[0].estimated_seconds is not None
    assert [one.step for one in news if one.step] == [1, 2, 3, 4]
    assert {one.total_steps for one in news if one.step} == {4}
    assert sum(one.preview is not None for one in news) == 2
    assert stream.result.png == client.image(CAT, **SMALL).png


async def test_the_async_client_paints_what_the_sync_one_paints(
    async_client: AsyncClient, client: Client
) -> None:
    expected = await asyncio.to_thread(client.image, CAT, **SMALL)
    stream = async_client.stream_image(CAT, **SMALL)
    assert [one.step async for one in stream if one.step] == [1, 2, 3, 4]
    assert stream.result.png == expected.png == (await async_client.image(CAT, **SMALL)).png


def test_an_edit_takes_a_picture_a_path_and_bytes_alike(client: Client, tmp_path: Path) -> None:
    image = Image.linear_gradient("L").convert("RGB").resize((96, 64))
    file = tmp_path / "gradient.png"
    image.save(file)
    edited = [
        client.edit(sent, CAT, num_inference_steps=2, seed=1).png
        for sent in (image, file, str(file), file.read_bytes())
    ]
    assert len(set(edited)) == 1


def test_a_picture_in_memory_is_sent_upright(client: Client) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    lying = Image.open(io.BytesIO(encode(Image.new("RGB", (96, 64), "red"), "JPEG", exif=exif)))
    assert client.edit(lying, CAT, num_inference_steps=2).image.size == (64, 96)


def test_a_mask_keeps_what_is_black(client: Client) -> None:
    image = Image.linear_gradient("L").convert("RGB").resize((96, 64))
    mask = Image.new("L", image.size)
    mask.paste(255, (48, 0, 96, 64))
    edited = client.edit(image, CAT, mask=mask, num_inference_steps=4, seed=1).image
    left, right = (0, 0, 48, 64), (48, 0, 96, 64)
    assert not differ(edited.crop(left), image.crop(left))
    assert differ(edited.crop(right), image.crop(right))


async def test_an_async_edit_streams_the_steps_that_its_strength_leaves(async_client: AsyncClient) -> None:
    image = Image.new("RGB", (96, 64), "blue")
    stream = async_client.stream_edit(image, CAT, strength=0.5, num_inference_steps=4, seed=3)
    assert [one.step async for one in stream if one.step] == [1, 2]
    again = await async_client.edit(image, CAT, strength=0.5, num_inference_steps=4, seed=3)
    assert stream.result.png == again.png


def test_frames_come_one_by_one_and_all_together_at_the_end(client: Client) -> None:
    stream = client.stream_frames(CAT, **SMALL, num_frames=3, format="webp")
    came = [(news.frame_index, news.frame) for news in stream if news.frame]
    assert [index for index, _ in came] == [0, 1, 2]
    assert [frame for _, frame in came] == list(stream.result.images)
    assert stream.result.animation is not None
    assert getattr(Image.open(io.BytesIO(stream.result.animation)), "n_frames", 1) == 3
    assert client.frames(CAT, **SMALL, num_frames=3).pngs == stream.result.pngs


async def test_the_async_client_paints_the_same_frames(async_client: AsyncClient, client: Client) -> None:
    expected = await asyncio.to_thread(client.frames, CAT, **SMALL, num_frames=2)
    stream = async_client.stream_frames(CAT, **SMALL, num_frames=2)
    assert len([news async for news in stream if news.frame]) == 2
    assert stream.result.pngs == expected.pngs
    assert (await async_client.frames(CAT, **SMALL, num_frames=2)).pngs == expected.pngs


async def test_what_is_served_is_told_alike(async_client: AsyncClient, client: Client, stack: Stack) -> None:
    health = await async_client.health()
    assert (health.status, health.device) == ("ok", "cpu")
    assert health == await asyncio.to_thread(client.health)
    assert await async_client.models() == await asyncio.to_thread(client.models)
    styles = await async_client.styles()
    assert styles == await asyncio.to_thread(client.styles)
    assert "none" in [style.name for style in styles]


def test_a_client_speaks_through_envoy_too(stack: Stack) -> None:
    with Client(stack.rest_url.removeprefix("http://")) as client:
        assert client.health().status == "ok"
