"""What the contract says of a field: the texts of --help."""

import re
from functools import cache
from importlib import resources

from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorSet

NAME = "generation/v1/generation.proto"
# Where comments stand is told by paths of field numbers and indexes.
MESSAGE, FIELD = 4, 2
# What a comment calls by the name of an RPC has another name on the command line.
COMMANDS = {"ListModels": "`generate models`", "ListStyles": "`generate styles`"}
ONLY_IN_JSON = re.compile(r" \(base64 in JSON[^)]*\)")


def about(field: str) -> str:
    """The comment on a field such as "GenerateImageRequest.width", on one line.

    Other fields of the message are named there as options. Raises KeyError where the contract has
    no such field.
    """
    comment = ONLY_IN_JSON.sub("", _comments()[field])
    message = field.partition(".")[0]
    for other in re.findall("`([a-z_]+)`", comment):
        if f"{message}.{other}" in _comments():
            comment = comment.replace(f"`{other}`", f"`--{other.replace('_', '-')}`")
    for rpc, command in COMMANDS.items():
        comment = comment.replace(rpc, command)
    return comment


@cache
def _comments() -> dict[str, str]:
    descriptors = FileDescriptorSet.FromString(
        resources.files("generation.v1").joinpath("generation.binpb").read_bytes()
    )
    (file,) = [file for file in descriptors.file if file.name == NAME]
    return {
        _named(file.message_type[path[1]], path[3]): " ".join(location.leading_comments.split())
        for location in file.source_code_info.location
        if len(path := location.path) == 4 and (path[0], path[2]) == (MESSAGE, FIELD)
    }


def _named(message: DescriptorProto, index: int) -> str:
    return f"{message.name}.{message.field[index].name}"
