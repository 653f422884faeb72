"""Wrong requests and what they get: a 400 or 404 whose body is exactly {"detail": text}.

Each text names the field, whether Envoy's JSON parser refused the value or the service's validation did.
"""

import base64
import json
from typing import Any

import httpx
import pytest

from tests.rest.client import detail_of

LARGE = 2147483647
LONG = "x" * 10001
PNG = base64.b64encode(
    bytes.fromhex("89504e470d0a1a0a0000000d49484452000000400000004008020000002556")
).decode()  # a header cut short

TEXT_FIELDS: list[tuple[str, Any]] = [
    ("prompt", ""),
    ("prompt", " \n\t"),
    ("prompt", None),
    ("prompt", 7),
    ("prompt", "word " * 20000),
    ("max_tokens", 0),
    ("max_tokens", -1),
    ("max_tokens", LARGE),
    ("max_tokens", LARGE + 1),
    ("max_tokens", 1.5),
    ("max_tokens", "many"),
    ("max_tokens", True),
    ("max_tokens", {}),
    ("temperature", -0.1),
    ("temperature", 2.1),
    ("temperature", "NaN"),
    ("temperature", "Infinity"),
    ("temperature", "-Infinity"),
    ("temperature", 1e39),
    ("temperature", "hot"),
    ("top_p", -0.1),
    ("top_p", 1.1),
    ("top_p", "NaN"),
    ("top_k", -1),
    ("top_k", 0.5),
    ("min_p", -0.1),
    ("min_p", 1.1),
    ("min_p", "NaN"),
    ("repetition_penalty", 0),
    ("repetition_penalty", 2.1),
    ("repetition_penalty", "NaN"),
    ("stop", [""]),
    ("stop", ["x"] * 17),
    ("stop", ["x" * 257]),
    ("stop", [7]),
    ("seed", -1),
    ("seed", 4294967296),
    ("seed", 9223372036854775808),
    ("seed", 1.5),
    ("messages", [{"role": "user", "content": "a prompt and messages"}]),
]

PAINTING_FIELDS: list[tuple[str, Any]] = [
    ("prompt", ""),
    ("prompt", LONG),
    ("negative_prompt", LONG),
    ("style", "no such style"),
    ("num_inference_steps", 0),
    ("num_inference_steps", -1),
    ("num_inference_steps", 151),
    ("num_inference_steps", 2.5),
    ("guidance_scale", -0.1),
    ("guidance_scale", 1e9),
    ("guidance_scale", "NaN"),
    ("seed", -1),
    ("seed", 4294967296),
    ("preview_every", -1),
    ("preview_every", 151),
]

SIZE_FIELDS: list[tuple[str, Any]] = [
    (side, value) for side in ("width", "height") for value in (0, -8, 63, 1001, 2056, LARGE, "wide")
]

EDIT_FIELDS: list[tuple[str, Any]] = [
    ("image_base64", None),
    ("image_base64", ""),
    ("image_base64", "@@@@"),
    ("image_base64", 7),
    ("image_base64", "data:image/png;base64," + PNG),
    ("image_base64", base64.b64encode(b"this is no image").decode()),
    ("image_base64", PNG),
    ("strength", 0),
    ("strength", -0.1),
    ("strength", 1.1),
    ("strength", "NaN"),
]

FRAME_FIELDS: list[tuple[str, Any]] = [
    ("num_frames", 0),
    ("num_frames", -1),
    ("num_frames", 65),
    ("num_frames", 1000000),
    ("num_frames", 64),  # of the default size: more pixels than all frames together may have
]

CASES = [
    *((path, *field) for path in ("/text/generate", "/text/stream") for field in TEXT_FIELDS),
    *(("/image/generate", *field) for field in PAINTING_FIELDS + SIZE_FIELDS),
    *(("/image/edit", *field) for field in PAINTING_FIELDS + EDIT_FIELDS),
    *(("/video/generate-frames", *field) for field in PAINTING_FIELDS + SIZE_FIELDS + FRAME_FIELDS),
    ("/image/stream", "width", 63),
    ("/image/edit/stream", "strength", 1.1),
    ("/video/stream-frames", "num_frames", 0),
]


def case_name(value: object) -> str:
    return json.dumps(value)[:40]


@pytest.mark.parametrize(("path", "field", "value"), CASES, ids=case_name)
async def test_fault_33_a_wrong_value_is_a_400_that_names_the_field(
    rest: httpx.AsyncClient, path: str, field: str, value: object
) -> None:
    response = await rest.post(path, json={"prompt": "a cat"} | {field: value})
    detail = detail_of(response, 400)
    assert field in detail
    assert len(detail) < 1000, "an error repeats the request"


CONVERSATIONS = {
    "starts with the assistant": [("assistant", "Hello")],
    "ends with the assistant": [("user", "Hello"), ("assistant", "Hello")],
    "two turns of the user": [("user", "Hello"), ("user", "Hello")],
    "system in the middle": [("user", "Hello"), ("system", "Be brief"), ("user", "Hello")],
    "unknown role": [("wizard", "Hello")],
    "no role": [("", "Hello")],
    "blank content": [("user", " ")],
}


@pytest.mark.parametrize("turns", CONVERSATIONS.values(), ids=CONVERSATIONS)
async def test_a_conversation_out_of_order_is_a_400(
    rest: httpx.AsyncClient, turns: list[tuple[str, str]]
) -> None:
    messages = [{"role": role, "content": content} for role, content in turns]
    response = await rest.post("/text/generate", json={"messages": messages})
    assert "messages" in detail_of(response, 400)


async def test_fault_19_an_area_above_the_limit_is_a_400(rest: httpx.AsyncClient) -> None:
    response = await rest.post("/image/generate", json={"prompt": "a", "width": 2048, "height": 2048})
    assert detail_of(response, 400)


async def test_fault_23_an_edit_that_leaves_no_step_is_a_400(rest: httpx.AsyncClient) -> None:
    body = {"prompt": "a", "image_base64": PNG, "strength": 0.01, "num_inference_steps": 20}
    assert detail_of(await rest.post("/image/edit", json=body), 400)


@pytest.mark.parametrize(
    "path", ["/text/generate", "/text/stream", "/image/generate", "/video/generate-frames"]
)
async def test_fault_38_an_unknown_model_is_a_404(rest: httpx.AsyncClient, path: str) -> None:
    detail = detail_of(await rest.post(path, json={"prompt": "a", "model": "no-such-model"}), 404)
    assert "no-such-model" in detail


BODIES = {
    "empty": b"",
    "no prompt": b"{}",
    "text": b"hello",
    "a list": b"[]",
    "a number": b"1",
    "a string": b'"hello"',
    "null": b"null",
    "a list for a prompt": b'{"prompt": ["a"]}',
    "cut short": b'{"prompt": "a',
    "two values": b'{"prompt": "a"}{"prompt": "b"}',
    "bare NaN": b'{"prompt": "a", "temperature": NaN}',
    "no such double": b'{"prompt": "a", "temperature": 1e999}',
    "bad UTF-8": b'{"prompt": "\xff\xfe"}',
    "half a surrogate pair": b'{"prompt": "\\ud800"}',
    "5,000 lists deep": b'{"prompt": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    "5,000 objects deep": b'{"a":' * 5000 + b"1" + b"}" * 5000,
    "5,000 deep in an unknown key": b'{"prompt": "a", "x": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    "compressed": b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
    "multi-byte text that is cut": '{"prompt": "a", "seed": "é'.encode() + "é😀".encode() * 300 + b'"}',
}


@pytest.mark.parametrize("path", ["/text/generate", "/text/stream", "/image/edit", "/video/generate-frames"])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_fault_33_a_body_that_is_no_request_is_a_400(
    rest: httpx.AsyncClient, path: str, body: bytes
) -> None:
    response = await rest.post(path, content=body, headers={"content-type": "application/json"})
    assert len(detail_of(response, 400)) < 1000


@pytest.mark.parametrize("name", ["gmc|", "x~", "a!b"])
async def test_a_header_name_that_grpc_cannot_carry_is_a_400_that_names_it(
    rest: httpx.AsyncClient, name: str
) -> None:
    response = await rest.get("/health", headers={name: "1"})
    assert response.status_code == 400
    assert response.json()["detail"].startswith(f"header {name}: ")
