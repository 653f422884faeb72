"""Writes the OpenAPI document: `python -m rest_proxy.openapi FROM TO`."""

import argparse
import json
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet

from rest_proxy import atomic
from rest_proxy.openapi.document import document


def write(source: Path, target: Path) -> None:
    """Reads a descriptor set that has comments and writes the document as JSON, whole or not at all."""
    text = json.dumps(document(FileDescriptorSet.FromString(source.read_bytes())), indent=1)
    atomic.write(target, f"{text}\n".encode())


def main() -> None:
    """Takes the two paths from the command line."""
    parser = argparse.ArgumentParser(prog="python -m rest_proxy.openapi", description=__doc__)
    parser.add_argument("source", type=Path, help="descriptor set with comments, as protoc writes it")
    parser.add_argument("target", type=Path, help="file to write")
    arguments = parser.parse_args()
    write(arguments.source, arguments.target)


if __name__ == "__main__":
    main()
