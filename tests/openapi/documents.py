"""What the tests of the OpenAPI document share: its operations, its references, its schemas at work."""

from typing import Any

from openapi_schema_validator import OAS31Validator

Json = dict[str, Any]


def operations(document: Json) -> list[tuple[str, str, Json]]:
    """The verb, the path and the operation of each route."""
    return [
        (verb, path, operation)
        for path, verbs in document["paths"].items()
        for verb, operation in verbs.items()
    ]


def resolved(document: Json, node: Json) -> Json:
    """What a node with a `$ref` refers to, or the node itself."""
    if "$ref" not in node:
        return node
    for name in node["$ref"].removeprefix("#/").split("/"):
        document = document[name]
    return document


def mismatches(document: Json, schema: Json, value: object) -> list[str]:
    """What is wrong with a value by a schema of the document."""
    whole = schema | {"components": document["components"]}
    return [error.message for error in OAS31Validator(whole).iter_errors(value)]
