"""Large bodies, both ways."""

import base64
import io
from pathlib import Path

import grpc
import httpx
import pytest
from PIL import Image

from generation.v1 import generation_pb2 as pb
from tests.image_files import chunk, encode
from tests.rest.client import detail_in, exchange
from tests.rest.upstream import Proxied
from tests.stack import Stack, running_stack, stub

MIB = 1 << 20


def post_head(path: str, framing: bytes) -> bytes:
    return b"POST %s HTTP/1.1\r\nhost: x\r\n%s\r\n\r\n" % (path.encode(), framing)


# `exchange` reads while it writes, as curl and Node do: Envoy answers at once and reads no further.
# A client that first writes everything may see the closed connection instead of the answer.
@pytest.mark.parametrize("path", ["/text/generate", "/text/stream", "/image/edit"])
async def test_fault_32_a_body_above_32_mib_is_a_413(stack: Stack, path: str) -> None:
    size = 32 * MIB + 1
    status, body = await exchange(stack.rest_url, post_head(path, b"content-length: %d" % size) + b" " * size)
    assert status == 413
    assert "32 MiB" in detail_in(body)


async def test_fault_32_chunks_above_32_mib_are_a_413(stack: Stack) -> None:
    head = post_head("/text/generate", b"transfer-encoding: chunked")
    chunk = b"%x\r\n" % MIB + b" " * MIB + b"\r\n"
    status, body = await exchange(stack.rest_url, head + chunk * 33 + b"0\r\n\r\n")
    assert status == 413
    assert "32 MiB" in detail_in(body)


async def test_an_image_of_20_mib_goes_up_and_the_largest_message_comes_down(proxied: Proxied) -> None:
    size = 63 * MIB  # the service sends at most 64
    proxied.service.image = b"x" * size
    body = b'{"prompt": "a", "image_base64": "' + b"eHh4" * (20 * MIB // 3) + b'"}'
    async with httpx.AsyncClient(base_url=proxied.url, timeout=60, trust_env=False) as client:
        response = await client.post("/image/edit", content=body)
    assert response.status_code == 200
    assert response.json()["seed"] == 20 * MIB // 3 * 3
    assert len(response.json()["image_base64"]) == (size + 2) // 3 * 4


@pytest.fixture(scope="module")
def file_of_20_mb() -> bytes:
    """A PNG of few pixels and a large chunk of somebody's own, as image editors write."""
    small = encode(Image.linear_gradient("L").convert("RGB"), "PNG")
    after_header = 8 + 25
    return small[:after_header] + chunk(b"prVt", bytes(20_000_000)) + small[after_header:]


async def test_an_upload_of_20_mb_is_edited_over_grpc(stack: Stack, file_of_20_mb: bytes) -> None:
    asked = pb.EditImageRequest(prompt="a", image_base64=file_of_20_mb, num_inference_steps=2, seed=7)
    for address in (stack.grpc_address, stack.rest_url.removeprefix("http://")):
        async with grpc.aio.insecure_channel(address) as channel:
            answer = await stub(channel).EditImage(asked)
        assert Image.open(io.BytesIO(answer.image_base64)).size == (256, 256)


async def test_an_upload_of_20_mb_is_edited_over_rest(rest: httpx.AsyncClient, file_of_20_mb: bytes) -> None:
    image = base64.b64encode(file_of_20_mb).decode()
    asked = {"prompt": "a", "image_base64": image, "num_inference_steps": 2, "seed": 7}
    response = await rest.post("/image/edit", json=asked)
    assert response.status_code == 200, response.text[:1000]
    painted = base64.b64decode(response.json()["image_base64"])
    assert Image.open(io.BytesIO(painted)).size == (256, 256)


@pytest.mark.timeout(400)
async def test_as_many_pixels_as_frames_may_have_come_down(tmp_path: Path, made_up_image_model: Path) -> None:
    asked = {"prompt": "a", "num_frames": 16, "num_inference_steps": 1, "guidance_scale": 0, "seed": 7}
    async with (
        running_stack(tmp_path, image_model=str(made_up_image_model)) as stack,
        httpx.AsyncClient(base_url=stack.rest_url, timeout=390, trust_env=False) as client,
    ):
        response = await client.post("/video/generate-frames", json=asked)
    assert response.status_code == 200, response.text[:1000]
    sizes = [Image.open(io.BytesIO(base64.b64decode(frame))).size for frame in response.json()["frames"]]
    assert sizes == [(1024, 1024)] * 16
    assert len(response.content) > 16 * MIB
