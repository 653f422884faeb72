"""The OpenAPI document: valid, complete, and what the comments of the proto say."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from google.api import annotations_pb2  # type: ignore[import-untyped]
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from openapi_spec_validator import OpenAPIV31SpecValidator

from generation.v1 import generation_pb2 as pb
from rest_proxy.openapi import limits
from rest_proxy.openapi.__main__ import write
from rest_proxy.openapi.document import EXAMPLES
from rest_proxy.render import OPENAPI
from tests.openapi.documents import Json, mismatches, operations, resolved
from tests.stack import Stack

DESCRIPTORS = OPENAPI.with_name("generation.binpb")
METHODS = pb.DESCRIPTOR.services_by_name["Generation"].methods


def test_the_validator_finds_no_error(document: Json) -> None:
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def test_what_is_built_is_up_to_date(tmp_path: Path) -> None:
    write(DESCRIPTORS, tmp_path / "openapi.json")
    assert (tmp_path / "openapi.json").read_text() == OPENAPI.read_text()


def test_every_rpc_is_there_at_its_route(document: Json) -> None:
    routes = set()
    for method in METHODS:
        rule = method.GetOptions().Extensions[annotations_pb2.http]
        verb = rule.WhichOneof("pattern")
        routes.add((verb, getattr(rule, verb), method.name))
    assert {
        (verb, path, operation["operationId"]) for verb, path, operation in operations(document)
    } == routes


async def test_every_path_is_one_that_envoy_knows(document: Json, stack: Stack) -> None:
    async with httpx.AsyncClient(base_url=stack.rest_url, timeout=60, trust_env=False) as client:
        for verb, path, _ in operations(document):
            assert (await client.request(verb, path)).status_code == (200 if verb == "get" else 400), path


def test_every_message_of_a_body_has_its_fields_and_their_comments(document: Json) -> None:
    schemas = document["components"]["schemas"]
    for name, schema in schemas.items():
        if name != "Error":
            message = pb.DESCRIPTOR.message_types_by_name[name]
            assert list(schema["properties"]) == [field.name for field in message.fields]
    bodies = {message for method in METHODS for message in (method.input_type.name, method.output_type.name)}
    assert {name for name in bodies if pb.DESCRIPTOR.message_types_by_name[name].fields} <= set(schemas)
    held = [part for schema in schemas.values() for part in schema["properties"].values()]
    assert all(part.get("description") for part in (*schemas.values(), *held))


def test_streams_are_server_sent_events_with_a_schema(document: Json) -> None:
    kinds = {
        operation["operationId"]: list(operation["responses"]["200"]["content"])
        for _, _, operation in operations(document)
    }
    streams = [method.name for method in METHODS if method.server_streaming]
    assert [name for name, kind in kinds.items() if kind == ["text/event-stream"]] == streams
    content = document["paths"]["/text/stream"]["post"]["responses"]["200"]["content"]["text/event-stream"]
    assert content["schema"]["properties"]["data"]["contentSchema"] == {
        "$ref": "#/components/schemas/StreamTextResponse"
    }


COMMENTS = [
    ("At all, 0 (always the likeliest) to 2. Unset: 0.7.", {"minimum": 0, "maximum": 2}, {"default": 0.7}),
    ("Share, above 0 to 1. Left: `a` times `b` is at least 1.", {"exclusiveMinimum": 0, "maximum": 1}, {}),
    ("Tokens, 1 up to what is left. Unset: the smaller of 256 and that.", {"minimum": 1}, {}),
    ("Only this many, 0 (all of them) and up. Unset: 0.", {"minimum": 0}, {"default": 0}),
    (
        "Width, 64 to 2048, a multiple of 8. Unset: 1024. Times height at most 9.",
        {"minimum": 64, "maximum": 2048, "multipleOf": 8},
        {"default": 1024},
    ),
    ('A name; "none" is none. Unset: "realistic".', {}, {"default": "realistic"}),
    ("Steps that run: an edit of strength 0.8 and 20 steps runs 16. Unset: nothing.", {}, {}),
]


@pytest.mark.parametrize(("comment", "number", "default"), COMMENTS)
def test_ranges_and_defaults_are_those_of_the_comment(comment: str, number: Json, default: Json) -> None:
    assert limits.of_number(comment) == number
    assert limits.default(comment) == default


def test_lengths_are_those_of_the_comment(document: Json) -> None:
    properties = document["components"]["schemas"]["GenerateTextRequest"]["properties"]
    assert properties["stop"]["maxItems"] == 16
    assert (properties["stop"]["items"]["minLength"], properties["stop"]["items"]["maxLength"]) == (1, 256)
    prompt = document["components"]["schemas"]["GenerateImageRequest"]["properties"]["prompt"]
    assert (prompt["maxLength"], prompt["pattern"]) == (10000, r"\S")


VALUES: list[tuple[str, Any, bool]] = [
    ("seed", None, True),
    ("seed", 7, True),
    ("seed", "7", True),
    ("seed", -1, False),
    ("seed", "seven", False),
    ("temperature", 2, True),
    ("temperature", 2.1, False),
    ("messages", [{"role": "user", "content": "Hello"}], False),  # beside a prompt
]


@pytest.mark.parametrize(("name", "value", "right"), VALUES)
def test_the_schema_takes_what_the_service_takes(
    document: Json, name: str, value: object, right: bool
) -> None:
    schema = {"$ref": "#/components/schemas/GenerateTextRequest"}
    assert (mismatches(document, schema, {"prompt": "a", name: value}) == []) == right


def test_the_examples_of_answers_match_their_schemas(document: Json) -> None:
    examples = yaml.safe_load(EXAMPLES.read_text())
    for _, _, operation in operations(document):
        example = examples[operation["operationId"]]
        ((kind, content),) = operation["responses"]["200"]["content"].items()
        if kind == "application/json":
            assert mismatches(document, content["schema"], content["example"]) == []
        for event in example.get("events", ()):
            assert mismatches(document, content["schema"]["properties"]["data"]["contentSchema"], event) == []
            assert json.dumps(event, separators=(",", ":")) in content["example"]


def test_errors_are_those_that_a_route_can_have(document: Json) -> None:
    everywhere = {"200", "400", "429", "500", "503", "504"}
    for verb, _, operation in operations(document):
        expected = everywhere if verb == "get" else everywhere | {"404", "408", "413"}
        assert set(operation["responses"]) == expected
        for status, response in operation["responses"].items():
            if status != "200":
                content = resolved(document, response)["content"]["application/json"]
                assert mismatches(document, content["schema"], content["example"]) == []


def test_a_set_without_comments_still_makes_a_valid_document(tmp_path: Path) -> None:
    bare = FileDescriptorSet.FromString(DESCRIPTORS.read_bytes())
    for file in bare.file:
        file.ClearField("source_code_info")
    (tmp_path / "bare.binpb").write_bytes(bare.SerializeToString())
    write(tmp_path / "bare.binpb", tmp_path / "openapi.json")
    OpenAPIV31SpecValidator(json.loads((tmp_path / "openapi.json").read_text())).validate()
