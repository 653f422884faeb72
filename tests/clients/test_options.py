"""The keywords and the command line know every field of the contract."""

from __future__ import annotations

import pytest
from generation_client import EditOptions, FramesOptions, ImageOptions, TextOptions
from generation_client.cli import contract
from google.protobuf.message import Message

from generation.v1 import generation_pb2 as pb

KEYWORDS: dict[type[Message], tuple[type, set[str]]] = {
    pb.GenerateTextRequest: (TextOptions, {"prompt", "messages"}),
    pb.GenerateImageRequest: (ImageOptions, {"prompt"}),
    pb.EditImageRequest: (EditOptions, {"prompt", "image_base64"}),
    pb.GenerateFramesRequest: (FramesOptions, {"prompt"}),
}


@pytest.mark.parametrize("kind", KEYWORDS, ids=lambda kind: kind.DESCRIPTOR.name)
def test_the_keywords_are_the_fields_of_the_request(kind: type[Message]) -> None:
    options, arguments = KEYWORDS[kind]
    assert set(options.__annotations__) | arguments == set(kind.DESCRIPTOR.fields_by_name)


def test_the_help_of_a_field_is_its_comment_with_other_fields_named_as_options() -> None:
    assert contract.about("EditImageRequest.strength") == (
        "How much of the image may change, above 0 to 1. At least one step must be left: "
        "`--strength` times `--num-inference-steps` is at least 1. Unset: 0.8."
    )
    assert "generate models" in contract.about("GenerateTextRequest.model")
    with pytest.raises(KeyError):
        contract.about("EditImageRequest.no_such_field")


def test_help_says_nothing_of_json_bodies() -> None:
    about = contract.about("EditImageRequest.mask")
    assert "a PNG, JPEG or WebP file of the image's upright size, white where it changes" in about
