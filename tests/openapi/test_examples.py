"""The document against the running service: its examples are accepted, its errors are the real ones."""

from typing import Any

import httpx
import pytest

from tests.openapi.documents import Json, mismatches, operations, resolved
from tests.rest.client import events
from tests.rest.conftest import rest as rest

# The examples ask for as much as people do; the tests ask for as little as counts.
LESS = {"max_tokens": 4, "num_inference_steps": 2, "width": 64, "height": 64, "num_frames": 2}


def in_small(schema: Json, example: Json) -> Json:
    """An example, but for what makes it long."""
    return example | {name: value for name, value in LESS.items() if name in schema["properties"]}


async def test_every_example_is_accepted_and_answered_as_described(
    document: Json, rest: httpx.AsyncClient
) -> None:
    for verb, path, operation in operations(document):
        body = operation.get(
            "requestBody", {"content": {"application/json": {"examples": {"": {"value": None}}}}}
        )
        content = body["content"]["application/json"]
        for example in content["examples"].values():
            asked: dict[str, Any] | None = example["value"]
            if asked is not None:
                assert mismatches(document, content["schema"], asked) == []
                asked = in_small(resolved(document, content["schema"]), asked)
            await check_answer(document, operation, await rest.request(verb, path, json=asked))


async def check_answer(document: Json, operation: Json, response: httpx.Response) -> None:
    """The answer is a 200 of the type and the schema that the document gives."""
    assert response.status_code == 200, response.text[:1000]
    ((kind, content),) = operation["responses"]["200"]["content"].items()
    assert response.headers["content-type"] == kind
    if kind == "application/json":
        assert mismatches(document, content["schema"], response.json()) == []
    else:
        news = [event async for event in events(response)]
        assert news[-1]["finish_reason"] in ("stop", "length")
        for event in news:
            assert mismatches(document, content["schema"]["properties"]["data"]["contentSchema"], event) == []


WRONG = [
    ("POST", "/text/generate", {"content": b"{"}, 400),
    ("POST", "/text/generate", {"json": {"prompt": ""}}, 400),
    ("POST", "/image/stream", {"json": {"prompt": "a", "width": 63}}, 400),
    ("POST", "/text/stream", {"json": {"prompt": "a", "model": "none such"}}, 404),
    ("GET", "/health", {"params": {"verbose": 1}}, 400),
    ("GET", "/health", {"headers": {"grpc-timeout": "soon"}}, 400),
    ("POST", "/text/generate", {"json": {"prompt": "Tell a story"}, "headers": {"grpc-timeout": "1m"}}, 504),
]


@pytest.mark.parametrize(("verb", "path", "asked", "status"), WRONG)
async def test_errors_are_as_described(
    document: Json, rest: httpx.AsyncClient, verb: str, path: str, asked: dict[str, Any], status: int
) -> None:
    response = await rest.request(verb, path, **asked)
    assert response.status_code == status
    described = resolved(document, document["paths"][path][verb.lower()]["responses"][str(status)])
    assert list(described["content"]) == [response.headers["content-type"]]
    schema = described["content"]["application/json"]["schema"]
    assert mismatches(document, schema, response.json()) == []
    assert set(described["headers"]) <= set(response.headers)


@pytest.mark.parametrize("sent", ["mine-7", "0c9d7e4e-7f4c-4f5e-9a58-3f0c1e6b1a2d"])
async def test_an_id_that_is_sent_comes_back(rest: httpx.AsyncClient, sent: str) -> None:
    for path in ("/health", "/nope"):
        response = await rest.get(path, headers={"x-request-id": sent})
        assert response.headers["x-request-id"] == sent
