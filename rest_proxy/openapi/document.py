"""The whole OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.1)."""

import json
import tomllib
from pathlib import Path
from typing import Any

import yaml
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from rest_proxy.openapi import contract as contracts
from rest_proxy.openapi import errors, schemas
from rest_proxy.openapi.contract import Contract, Method

PROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"
EXAMPLES = Path(__file__).with_name("examples.yaml")
TAGS = {
    "text": "Text, whole or piece by piece.",
    "image": "Images from words, and changed images.",
    "video": "The frames of an animation.",
    "service": "What is served, and how it is.",
}
HEADERS = {
    "GrpcTimeout": {
        "name": "grpc-timeout",
        "in": "header",
        "description": "The deadline: up to 8 digits and H, M, S, m, u or n. Without it 600 s.",
        "schema": {"type": "string", "pattern": "^[0-9]{1,8}[HMSmun]$"},
        "example": "30S",
    },
    "RequestId": {
        "name": "x-request-id",
        "in": "header",
        "description": "Your own id for this request, for the logs and the answer.",
        "schema": {"type": "string", "pattern": "^[!-~]{1,64}$"},
    },
}
DESCRIPTION = """
JSON keys are the names below. Bytes are base64; a key that is left out or null is unset, and what that means
stands with each key. Streams are server-sent events.

Every error is `{"detail": "..."}`, for paths and verbs that are not listed here too (404), and for HTTP that
is malformed or whose headers are too large (400, 403, 408, 426, 431). The same calls over gRPC carry
`google.rpc` details.
"""


def document(descriptors: FileDescriptorSet) -> dict[str, Any]:
    """The document of the one service in a descriptor set that has comments and imports."""
    contract = contracts.read(descriptors)
    examples = yaml.safe_load(EXAMPLES.read_text())
    project = tomllib.loads(PROJECT.read_text())["project"]
    paths: dict[str, Any] = {}
    for method in contract.methods:
        operation = _operation(contract, method, examples.get(method.name, {}))
        paths.setdefault(method.path, {})[method.verb] = operation
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "Generation service",
            "version": project["version"],
            "summary": contract.comment,
            "description": DESCRIPTION.strip(),
            "license": {"name": project["license"], "identifier": project["license"]},
        },
        "servers": [
            {
                "url": "/",
                "description": "Where this document came from; http://localhost:8000 and :3000 by default",
            }
        ],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": schemas.schemas(contract) | {"Error": errors.SCHEMA},
            "responses": errors.components(),
            "parameters": HEADERS,
            "headers": {"RequestId": errors.REQUEST_ID, "RetryAfter": errors.RETRY_AFTER},
        },
    }


def _operation(contract: Contract, method: Method, examples: dict[str, Any]) -> dict[str, Any]:
    first = method.path.split("/")[1]
    operation: dict[str, Any] = {
        "operationId": method.name,
        "tags": [first if first in TAGS else "service"],
        "summary": method.comment.split(". ")[0].removesuffix("."),
        "description": method.comment,
        "parameters": [{"$ref": f"#/components/parameters/{name}"} for name in HEADERS],
    }
    if method.has_body:
        operation["requestBody"] = {
            "required": True,
            "content": {
                "application/json": {
                    "schema": _reference(contract, method.takes),
                    "examples": {name: {"value": value} for name, value in examples["requests"].items()},
                }
            },
        }
    else:
        operation["parameters"] += _query(contract, method)
    answer = _stream(contract, method, examples) if method.streams else _answer(contract, method, examples)
    return operation | {"responses": {"200": answer} | errors.of_route(contract, method)}


def _query(contract: Contract, method: Method) -> list[dict[str, Any]]:
    return [
        {
            "name": field.proto.name,
            "in": "query",
            "required": schemas.is_required(field, taken=True),
            "schema": schemas.field_schema(contract, field, taken=True),
        }
        for field in contract.messages[method.takes].fields
    ]


def _answer(contract: Contract, method: Method, examples: dict[str, Any]) -> dict[str, Any]:
    content = {"schema": _reference(contract, method.gives), "example": examples["response"]}
    return _ok(contract, method, "application/json", content)


def _stream(contract: Contract, method: Method, examples: dict[str, Any]) -> dict[str, Any]:
    name = contract.messages[method.gives].name
    text = "".join(f"data: {json.dumps(event, separators=(',', ':'))}\n\n" for event in examples["events"])
    # One event, as OpenAPI 3.2 describes them: 3.1 has no words for a sequence.
    message = {"contentMediaType": "application/json", "contentSchema": _reference(contract, method.gives)}
    schema = {
        "type": "object",
        "description": f"A server-sent event: a line `data: ` with a {name} as JSON, and an empty "
        "line. The last one has a `finish_reason`; a failure after the first event is told there.",
        "properties": {"data": {"type": "string"} | message},
        "required": ["data"],
    }
    return _ok(contract, method, "text/event-stream", {"schema": schema, "example": text})


def _ok(contract: Contract, method: Method, kind: str, content: dict[str, Any]) -> dict[str, Any]:
    return {
        "description": contract.messages[method.gives].comment,
        "headers": {"x-request-id": {"$ref": "#/components/headers/RequestId"}},
        "content": {kind: content},
    }


def _reference(contract: Contract, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{contract.messages[name].name}"}
