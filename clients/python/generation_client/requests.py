"""Keyword arguments to the contract's messages, once for sync and async.

The options carry the contract's names; what is left out or None is unset, and the service's
default holds. Ranges are checked by the service, which names every field that is wrong.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypedDict, TypeVar

from generation.v1 import generation_pb2 as pb
from generation_client.errors import FieldViolation, InvalidArgument
from generation_client.pictures import Picture, to_file

R = TypeVar(
    "R", pb.GenerateTextRequest, pb.GenerateImageRequest, pb.EditImageRequest, pb.GenerateFramesRequest
)


class Message(TypedDict):
    """A turn of a conversation. A system turn only comes first; then user and assistant alternate."""

    role: Literal["system", "user", "assistant"]
    content: str


class TextOptions(TypedDict, total=False):
    """What may be said about a text.

    Keys:
        max_tokens: most tokens to write, from 1. Unset: 256, or what the context leaves.
        temperature: how freely tokens are drawn, 0 (always the likeliest) to 2. Unset: 0.7.
        top_p: share of the likeliest tokens drawn from, 0 to 1. Unset: 0.95.
        top_k: number of the likeliest tokens drawn from, 0: all. Unset: 0.
        min_p: least share of the likeliest token's probability, 0 to 1. Unset: 0.
        repetition_penalty: 0.1 to 2; above 1 repeats less. Unset: 1.
        stop: the text ends before these, at most 16 strings of 1 to 256 characters.
        seed: the same seed gives the same text, 0 to 4294967295. Unset: drawn, and reported.
        model: a name from `models()`. Unset: the one that is loaded.
    """

    max_tokens: int | None
    temperature: float | None
    top_p: float | None
    top_k: int | None
    min_p: float | None
    repetition_penalty: float | None
    stop: Sequence[str] | None
    seed: int | None
    model: str | None


class _PictureOptions(TypedDict, total=False):
    negative_prompt: str | None
    style: str | None
    num_inference_steps: int | None
    guidance_scale: float | None
    seed: int | None
    preview_every: int | None
    model: str | None


class ImageOptions(_PictureOptions, total=False):
    """What may be said about an image.

    Keys:
        negative_prompt: what it should not show, at most 10000 characters.
        style: a name from `styles()`. Unset: "realistic".
        num_inference_steps: denoising steps, 1 to 150. Unset: 30.
        guidance_scale: how closely it follows the prompt, 0 to 30. Unset: 7.5.
        width, height: pixels, 64 to 2048, multiples of 8. Unset: 1024.
        seed: the same seed gives the same image, 0 to 4294967295. Unset: drawn, and reported.
        preview_every: steps between previews, 0 (none) to 150, in streams only. Unset: 0.
        model: a name from `models()`. Unset: the one that is loaded.
    """

    width: int | None
    height: int | None


class EditOptions(_PictureOptions, total=False):
    """What may be said about an edit: as for an image, which keeps the size that was sent.

    Keys:
        strength: how much may change, above 0 to 1. Unset: 0.8.
        mask: a picture of the same size, white where it may change. Unset: everywhere.
    """

    strength: float | None
    mask: Picture | None


class FramesOptions(ImageOptions, total=False):
    """What may be said about an animation: as for an image.

    Keys:
        num_frames: 1 to 64. Unset: 4.
        motion: how much changes from frame to frame, 0 (a still) to 1. Unset: 0.5.
        format: adds one playable file, "webp" or "mp4". Unset: none.
        fps: frames a second of that file, 1 to 60. Unset: 8.
    """

    num_frames: int | None
    motion: float | None
    format: Literal["webp", "mp4"] | None
    fps: int | None


def text(prompt: str, options: TextOptions) -> pb.GenerateTextRequest:
    """Asks for the answer to one instruction."""
    return _filled(pb.GenerateTextRequest, {"prompt": prompt, **options})


def chat(messages: Iterable[Message], options: TextOptions) -> pb.GenerateTextRequest:
    """Asks for the next turn of a conversation."""
    return _filled(pb.GenerateTextRequest, {"messages": list(messages), **options})


def image(prompt: str, options: ImageOptions) -> pb.GenerateImageRequest:
    """Asks for an image."""
    return _filled(pb.GenerateImageRequest, {"prompt": prompt, **options})


def edit(image: Picture, prompt: str, options: EditOptions) -> pb.EditImageRequest:
    """Asks for a changed image. Raises OSError if a file cannot be read."""
    mask = options.get("mask")
    files = {"image_base64": to_file(image), "mask": None if mask is None else to_file(mask)}
    return _filled(pb.EditImageRequest, {"prompt": prompt, **options, **files})


def frames(prompt: str, options: FramesOptions) -> pb.GenerateFramesRequest:
    """Asks for an animation."""
    return _filled(pb.GenerateFramesRequest, {"prompt": prompt, **options})


def _filled(kind: type[R], fields: Mapping[str, object]) -> R:
    """A message with these fields; None leaves one unset. Raises TypeError for one that it has not.

    Field by field, because protobuf does not say which one holds a number that is too large.
    """
    request = kind()
    for name, value in fields.items():
        if name not in kind.DESCRIPTOR.fields_by_name:
            raise TypeError(f"{kind.DESCRIPTOR.name} has no field for the keyword argument {name!r}")
        try:
            request.MergeFrom(kind(**{name: value}))  # type: ignore[arg-type]
        except ValueError as error:
            violation = FieldViolation(name, str(error))
            raise InvalidArgument(f"{name}: {error}", violations=[violation]) from None
    return request
