"""Large bodies, both ways."""

import httpx
import pytest

from tests.rest.client import detail_in, exchange
from tests.rest.upstream import Proxied
from tests.stack import Stack

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


async def test_an_image_of_20_mib_goes_up_and_one_of_40_mib_comes_down(proxied: Proxied) -> None:
    proxied.service.image = b"x" * (40 * MIB)
    body = b'{"prompt": "a", "image_base64": "' + b"eHh4" * (20 * MIB // 3) + b'"}'
    async with httpx.AsyncClient(base_url=proxied.url, timeout=60, trust_env=False) as client:
        response = await client.post("/image/edit", content=body)
    assert response.status_code == 200
    assert response.json()["seed"] == 20 * MIB // 3 * 3
    assert len(response.json()["image_base64"]) == (40 * MIB + 2) // 3 * 4
