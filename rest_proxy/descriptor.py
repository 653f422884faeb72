"""Writes a descriptor set that Envoy reads: `python -m rest_proxy.descriptor FROM TO`.

Envoy's transcoder prints a failed call as `google.rpc.Status`, through whichever definition of that
message its descriptor set holds. Ours has one field, number 2 under the name `detail`, so that an
error reaches a REST client as {"detail": "..."} and nothing else. OpenAI's SDKs look for `message`.
Only Envoy reads these sets; everyone else keeps the ordinary one.
"""

import argparse
from pathlib import Path

from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet

from rest_proxy import atomic

STATUS_FILE = "google/rpc/status.proto"
DETAIL = "detail"


def status_file(key: str) -> FileDescriptorProto:
    """The file with `message Status { string [key] = 2; }`; 2 is the number of the status's message."""
    file = FileDescriptorProto(name=STATUS_FILE, package="google.rpc", syntax="proto3")
    file.message_type.add(name="Status").field.add(
        name=key,
        number=2,
        type=FieldDescriptorProto.TYPE_STRING,
        label=FieldDescriptorProto.LABEL_OPTIONAL,
    )
    return file


def for_envoy(descriptors: FileDescriptorSet, key: str = DETAIL) -> FileDescriptorSet:
    """A copy of a descriptor set with our Status in the place of any other, and without comments.

    `key` is what an error's text stands under.
    """
    files = [file for file in descriptors.file if file.name != STATUS_FILE]
    result = FileDescriptorSet(file=[*files, status_file(key)])
    for file in result.file:
        file.ClearField("source_code_info")
    return result


def write(source: Path, target: Path, key: str = DETAIL) -> None:
    """Reads an ordinary descriptor set and writes Envoy's, whole or not at all."""
    descriptors = FileDescriptorSet.FromString(source.read_bytes())
    atomic.write(target, for_envoy(descriptors, key).SerializeToString(deterministic=True))


def main() -> None:
    """Takes the two paths from the command line."""
    parser = argparse.ArgumentParser(description="Write a descriptor set that Envoy reads.")
    parser.add_argument("source", type=Path, help="descriptor set with all imports, as protoc writes it")
    parser.add_argument("target", type=Path, help="file to write")
    parser.add_argument("--error-key", default=DETAIL, help="the key of an error's text (%(default)s)")
    arguments = parser.parse_args()
    write(arguments.source, arguments.target, arguments.error_key)


if __name__ == "__main__":
    main()
