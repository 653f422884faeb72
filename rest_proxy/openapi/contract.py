"""What the document says about the contract: methods with their routes, messages, and all their comments."""

from collections.abc import Iterator
from dataclasses import dataclass

from google.api import annotations_pb2  # type: ignore[import-untyped]
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
)

FILE = "generation/v1/generation.proto"  # OpenAI's own documents describe the other one's calls
# Numbers of FileDescriptorProto's fields and of their fields: a comment is found by such a path.
MESSAGES, SERVICES = 4, 6
FIELDS = METHODS = 2


@dataclass(frozen=True)
class Field:
    """A field and its comment."""

    proto: FieldDescriptorProto
    comment: str


@dataclass(frozen=True)
class Message:
    """A message and its comment."""

    name: str
    comment: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Method:
    """An RPC as its REST route: `verb` is in lower case, `has_body` tells a body from query parameters.

    `takes` and `gives` are the full names of messages, with a dot before them.
    """

    name: str
    comment: str
    verb: str
    path: str
    has_body: bool
    takes: str
    gives: str
    streams: bool


@dataclass(frozen=True)
class Contract:
    """The one service of a descriptor set, and the messages and enums of its file by their full names."""

    comment: str
    methods: tuple[Method, ...]
    messages: dict[str, Message]
    enums: dict[str, EnumDescriptorProto]


def read(descriptors: FileDescriptorSet) -> Contract:
    """Reads the Generation service.

    ValueError if its file does not have exactly one, or a route is of a kind not known here.
    """
    (file,) = (file for file in descriptors.file if file.name == FILE)
    (service,) = file.service
    comments = {tuple(at.path): _text(at.leading_comments) for at in file.source_code_info.location}
    methods = (
        _method(method, comments.get((SERVICES, 0, METHODS, i), ""))
        for i, method in enumerate(service.method)
    )
    return Contract(
        comment=comments.get((SERVICES, 0), ""),
        methods=tuple(methods),
        messages=dict(_messages(file, comments)),
        enums={f".{file.package}.{enum.name}": enum for enum in file.enum_type},
    )


def _method(method: MethodDescriptorProto, comment: str) -> Method:
    rule = method.options.Extensions[annotations_pb2.http]
    verb = rule.WhichOneof("pattern") or ""
    path = str(getattr(rule, verb, ""))
    if verb not in ("get", "post") or "{" in path or rule.body not in ("", "*") or rule.additional_bindings:
        raise ValueError(
            f"{method.name}: routes are GET or POST, without parameters in the path, body '*' or none"
        )
    return Method(
        name=method.name,
        comment=comment,
        verb=verb,
        path=path,
        has_body=rule.body == "*",
        takes=method.input_type,
        gives=method.output_type,
        streams=method.server_streaming,
    )


def _messages(
    file: FileDescriptorProto, comments: dict[tuple[int, ...], str]
) -> Iterator[tuple[str, Message]]:
    for i, message in enumerate(file.message_type):
        fields = _fields(message, (MESSAGES, i), comments)
        name, comment = message.name, comments.get((MESSAGES, i), "")
        yield f".{file.package}.{name}", Message(name, comment, tuple(fields))


def _fields(
    message: DescriptorProto, path: tuple[int, ...], comments: dict[tuple[int, ...], str]
) -> Iterator[Field]:
    for i, field in enumerate(message.field):
        yield Field(field, comments.get((*path, FIELDS, i), ""))


def _text(comment: str) -> str:
    """A comment without its line breaks; paragraphs stay apart."""
    paragraphs = comment.strip().split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
