"""What calls answer with, and how it is read from the contract's messages."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

from google.protobuf.message import Message
from PIL import Image

from generation.v1 import generation_pb2 as pb
from generation_client.pictures import from_file

T = TypeVar("T", bound="Model | Style | Health")


@dataclass(frozen=True, slots=True)
class Text:
    """A complete text.

    Attributes:
        text: the text, without the prompt.
        finish_reason: "stop" (the model or a stop string ended it) or "length" (`max_tokens` did).
        prompt_tokens: tokens of the prompt, chat template included.
        completion_tokens: tokens that were written.
        seed: the seed that was used; with the same request it gives the same text.
    """

    text: str
    finish_reason: str
    prompt_tokens: int
    completion_tokens: int
    seed: int


@dataclass(frozen=True, slots=True)
class Painting:
    """A complete image, painted or edited.

    Attributes:
        image: the picture, RGB.
        seed: the seed that was used; with the same request it gives the same picture.
        png: the picture as the service sent it, a PNG file.
    """

    image: Image.Image
    seed: int
    png: bytes


@dataclass(frozen=True, slots=True)
class Frames:
    """A complete animation.

    Attributes:
        images: the frames in order, RGB, all of one size.
        seed: the seed that was used; with the same request it gives the same frames.
        pngs: the frames as the service sent them, PNG files.
        animation: one WebP or MP4 file, if `format` asked for it.
    """

    images: tuple[Image.Image, ...]
    seed: int
    pngs: tuple[bytes, ...]
    animation: bytes | None


@dataclass(frozen=True, slots=True)
class Progress:
    """News of an image that is being painted. What is not new is None.

    Attributes:
        queue_position: requests that are ahead; in the first news.
        estimated_seconds: until it is complete; in the first news.
        step: steps that are done, 1 to `total_steps`.
        total_steps: steps that will run.
        preview: a small picture of how far it is, if `preview_every` asked for it.
    """

    queue_position: int | None = None
    estimated_seconds: float | None = None
    step: int | None = None
    total_steps: int | None = None
    preview: Image.Image | None = None


@dataclass(frozen=True, slots=True)
class FramesProgress(Progress):
    """News of an animation that is being painted. Steps are counted over all frames.

    Attributes:
        frame_index: which frame `preview` or `frame` is, from 0.
        num_frames: how many there will be.
        frame: a complete frame, RGB.
    """

    frame_index: int | None = None
    num_frames: int | None = None
    frame: Image.Image | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """A model and what it takes.

    Attributes:
        name: what requests give as `model`.
        modality: "text" or "image" (images, edits and frames).
        state: "loading", "ready" or "failed" (being restarted).
        device: "cuda" or "cpu".
        dtype: the number type of its weights, such as "float32".
        context_tokens: most tokens of prompt and answer together; 0 for image models.
        max_running: requests it works on at once.
        max_waiting: requests that may wait before more are refused.
        max_pixels: largest area of an image; 0 for text models.
        max_frame_pixels: largest area of all frames together; 0 for text models.
    """

    name: str
    modality: str
    state: str
    device: str
    dtype: str
    context_tokens: int
    max_running: int
    max_waiting: int
    max_pixels: int
    max_frame_pixels: int


@dataclass(frozen=True, slots=True)
class Style:
    """A style: its name, what becomes of the prompt ("{prompt}" is it), what is added to the negative one."""

    name: str
    prompt: str
    negative_prompt: str


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the service is up.

    Attributes:
        status: "ok", "loading" or "degraded" (an engine is down, or the service is stopping).
        device: "cuda" or "cpu".
        models_dir: the folder that holds the weights.
    """

    status: str
    device: str
    models_dir: str


def text(answer: pb.GenerateTextResponse) -> Text:
    """Reads a unary answer."""
    tokens = (answer.prompt_tokens, answer.completion_tokens)
    return Text(answer.text, answer.finish_reason, *tokens, answer.seed)


def painting(answer: pb.GenerateImageResponse | pb.EditImageResponse | pb.StreamImageResponse) -> Painting:
    """Reads a unary answer, or the last message of a stream."""
    return Painting(from_file(answer.image_base64), answer.seed, answer.image_base64)


def animation(frames: Sequence[bytes], answer: pb.GenerateFramesResponse | pb.StreamFramesResponse) -> Frames:
    """Reads a unary answer, or what a stream sent and its last message."""
    whole = answer.animation if answer.HasField("animation") else None
    return Frames(tuple(map(from_file, frames)), answer.seed, tuple(frames), whole)


def plain(kind: type[T], message: Message) -> T:
    """Reads a message whose fields are all there and named as those of `kind`."""
    return kind(**{field.name: getattr(message, field.name) for field in fields(kind)})
