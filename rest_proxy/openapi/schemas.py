"""Schemas of the contract's messages, as Envoy's transcoder reads them from JSON and prints them.

Names stay as the proto writes them. A request may leave out or send null for what is `optional` or
repeated; an answer always has all but the `optional` keys. 64-bit integers are printed as strings and
taken as either. Bytes are base64.
"""

import re
from typing import Any

from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Proto

from rest_proxy.openapi import limits
from rest_proxy.openapi.contract import Contract, Field, Message

Schema = dict[str, Any]

INT32 = {"type": "integer", "format": "int32", "minimum": -(1 << 31), "maximum": (1 << 31) - 1}
UINT32 = {"type": "integer", "format": "uint32", "minimum": 0, "maximum": (1 << 32) - 1}
SCALARS: dict[int, Schema] = {
    Proto.TYPE_STRING: {"type": "string"},
    Proto.TYPE_BYTES: {"type": "string", "contentEncoding": "base64"},
    Proto.TYPE_BOOL: {"type": "boolean"},
    Proto.TYPE_INT32: INT32,
    Proto.TYPE_UINT32: UINT32,
    Proto.TYPE_FLOAT: {"type": "number", "format": "float"},
    Proto.TYPE_DOUBLE: {"type": "number", "format": "double"},
}
PRINTED_LONG: Schema = {"type": "string", "pattern": "^-?[0-9]+$"}
TAKEN_LONG: Schema = {"type": ["integer", "string"], "format": "int64", "pattern": "^-?[0-9]+$"}
LONGS = (Proto.TYPE_INT64, Proto.TYPE_UINT64)
NUMBERS = (Proto.TYPE_INT32, Proto.TYPE_UINT32, Proto.TYPE_FLOAT, Proto.TYPE_DOUBLE, *LONGS)
ONE_OF = re.compile(r"Exactly one of `(\w+)` and `(\w+)` is set")


def schemas(contract: Contract) -> dict[str, Schema]:
    """A schema for each message that a body holds, by the message's own name."""
    taken = _within(contract, {method.takes for method in contract.methods if method.has_body})
    given = _within(contract, {method.gives for method in contract.methods})
    if both := taken & given:
        raise ValueError(f"requests and answers share {both}: their schemas would differ")
    return {
        message.name: _message(contract, message, name in taken)
        for name, message in contract.messages.items()
        if name in taken | given
    }


def field_schema(contract: Contract, field: Field, taken: bool) -> Schema:
    """What one field holds, in a request (`taken`) or an answer."""
    schema = _item(contract, field, taken)
    if field.proto.label == Proto.LABEL_REPEATED:
        several, each = limits.of_strings(field.comment)
        schema = {"type": "array", "items": schema | each} | several
    if taken:
        schema |= limits.default(field.comment)
        if not is_required(field, taken) and "type" in schema:
            kinds = schema["type"]
            schema["type"] = [*(kinds if isinstance(kinds, list) else [kinds]), "null"]
    return schema | {"description": field.comment}


def is_required(field: Field, taken: bool) -> bool:
    """Whether the key is always there; a list may be left out of a request."""
    return not field.proto.proto3_optional and not (taken and field.proto.label == Proto.LABEL_REPEATED)


def _item(contract: Contract, field: Field, taken: bool) -> Schema:
    kind, name = field.proto.type, field.proto.type_name
    if kind == Proto.TYPE_MESSAGE:
        return {"$ref": f"#/components/schemas/{contract.messages[name].name}"}
    if kind == Proto.TYPE_ENUM:
        return {"type": "string", "enum": [value.name for value in contract.enums[name].value]}
    if kind in LONGS and not taken:
        return dict(PRINTED_LONG)
    schema = dict(TAKEN_LONG if kind in LONGS else SCALARS[kind])
    if taken and kind in NUMBERS:
        schema |= limits.of_number(field.comment)
    if taken and kind == Proto.TYPE_STRING and field.proto.label != Proto.LABEL_REPEATED:
        schema |= limits.of_string(field.comment)
    return schema


def _message(contract: Contract, message: Message, taken: bool) -> Schema:
    properties = {field.proto.name: field_schema(contract, field, taken) for field in message.fields}
    required = [field.proto.name for field in message.fields if is_required(field, taken)]
    schema: Schema = {"type": "object", "description": message.comment, "properties": properties}
    if either := ONE_OF.search(message.comment):
        schema["oneOf"] = [{"required": [name]} for name in either.groups()]
        required = [name for name in required if name not in either.groups()]
    return schema | ({"required": required} if required else {})


def _within(contract: Contract, names: set[str]) -> set[str]:
    """The messages and those that they hold."""
    held = {
        field.proto.type_name
        for name in names
        for field in contract.messages[name].fields
        if field.proto.type == Proto.TYPE_MESSAGE
    }
    return names if held <= names else _within(contract, names | held)
