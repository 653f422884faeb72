"""Paths, verbs and malformed HTTP: Envoy answers by itself, in the shape of every other error."""

import httpx
import pytest

from tests.rest.client import detail_in, detail_of, exchange
from tests.rest.upstream import Proxied
from tests.stack import Stack

UNKNOWN = [
    ("POST", "/"),
    ("GET", "/index.html"),
    ("GET", "/nope"),
    ("POST", "/text"),
    ("POST", "/text/generate/more"),
    ("POST", "/Text/Generate"),
    ("POST", "/text%2Fgenerate"),
    ("POST", "/../../etc/passwd"),
    ("POST", "/generation.v1.Generation/GenerateText"),
    ("POST", "/grpc.health.v1.Health/Check"),
    ("GET", "/text/generate"),
    ("PUT", "/text/generate"),
    ("PATCH", "/text/stream"),
    ("DELETE", "/image/generate"),
    ("OPTIONS", "/image/edit"),
    ("POST", "/health"),
    ("DELETE", "/models"),
    ("GET", "/" + "n" * 5000),
]


@pytest.mark.parametrize(("method", "path"), UNKNOWN, ids=lambda value: value[:40])
async def test_fault_40_an_unknown_path_or_verb_is_a_404_that_names_it(
    rest: httpx.AsyncClient, method: str, path: str
) -> None:
    detail = detail_of(await rest.request(method, path), 404)
    assert detail.startswith(f"no route for {method} /")
    assert len(detail) < 300


async def test_a_404_does_not_repeat_the_query(rest: httpx.AsyncClient) -> None:
    assert "secret" not in detail_of(await rest.get("/nope?prompt=secret"), 404)


async def test_an_unknown_query_parameter_is_a_400(rest: httpx.AsyncClient) -> None:
    assert "verbose" in detail_of(await rest.get("/health?verbose=1"), 400)


async def test_a_path_with_a_slash_at_its_end_is_the_same_path(rest: httpx.AsyncClient) -> None:
    assert (await rest.get("/health/")).status_code == 200


async def test_http2_speaks_the_same_rest(stack: Stack) -> None:
    async with httpx.AsyncClient(base_url=stack.rest_url, http1=False, http2=True, trust_env=False) as client:
        health, unknown = await client.get("/health"), await client.get("/nope")
        wrong = await client.post("/text/generate", json={"prompt": "a", "top_p": 2})
    assert (health.http_version, health.status_code) == ("HTTP/2", 200)
    assert detail_of(unknown, 404)
    assert "top_p" in detail_of(wrong, 400)


MALFORMED = {
    "no host": (400, b"GET /health HTTP/1.1\r\n\r\n"),
    "NUL in the path": (400, b"GET /health%00 HTTP/1.1\r\nhost: x\r\n\r\n"),
    "a verb that is none": (400, b"BREW /health HTTP/1.1\r\nhost: x\r\n\r\n"),
    "no HTTP at all": (400, b"\x00\x01\x02\x03\r\n\r\n"),
    "a length that is no number": (
        400,
        b"POST /text/generate HTTP/1.1\r\nhost: x\r\ncontent-length: x\r\n\r\n",
    ),
    "a length and chunks": (
        400,
        b"POST /text/generate HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n",
    ),
    "a chunk that is none": (
        400,
        b"POST /text/generate HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n\r\n",
    ),
    "an upgrade": (
        403,
        b"GET /health HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
    ),
    "CONNECT": (404, b"CONNECT example.org:443 HTTP/1.1\r\nhost: x\r\n\r\n"),
    "HTTP/1.0": (426, b"GET /health HTTP/1.0\r\n\r\n"),
    "a large header": (431, b"GET /health HTTP/1.1\r\nhost: x\r\nx: " + b"x" * 100_000 + b"\r\n\r\n"),
    "many headers": (
        431,
        b"GET /health HTTP/1.1\r\nhost: x\r\n" + b"".join(b"x%d: x\r\n" % i for i in range(300)) + b"\r\n",
    ),
    "a long path": (431, b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n"),
}


@pytest.mark.parametrize(("status", "request_"), MALFORMED.values(), ids=MALFORMED)
async def test_malformed_http_gets_an_error_of_the_same_shape(
    stack: Stack, status: int, request_: bytes
) -> None:
    got, body = await exchange(stack.rest_url, request_)
    assert detail_in(body)
    assert got == status


async def test_headers_that_never_end_are_a_408(impatient: Proxied) -> None:
    status, body = await exchange(impatient.url, b"GET /health HTTP/1.1\r\nhost: x\r\n")
    assert status == 408
    assert detail_in(body)


@pytest.mark.parametrize("deadline", ["soon", "30", "30X", "100000000S", "-1S"])
async def test_a_deadline_that_is_none_is_a_400_and_not_a_500(rest: httpx.AsyncClient, deadline: str) -> None:
    response = await rest.get("/health", headers={"grpc-timeout": deadline})
    assert "grpc-timeout" in detail_of(response, 400)
