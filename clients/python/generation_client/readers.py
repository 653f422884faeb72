"""Reads the messages of a stream: to its items, and to the result that it ends with.

A reader knows nothing of how messages come, so that sync and async streams share it.
"""

from typing import Generic, Protocol, TypeVar

from generation.v1 import generation_pb2 as pb
from generation_client import results
from generation_client.pictures import from_file
from generation_client.results import Frames, FramesProgress, Painting, Progress, Text

M_contra = TypeVar("M_contra", contravariant=True)
Item_co = TypeVar("Item_co", covariant=True)
Result = TypeVar("Result")


class Reader(Protocol[M_contra, Item_co, Result]):
    """Reads one stream."""

    result: Result | None

    def read(self, message: M_contra) -> Item_co | None:
        """The item in a message, None if it has none; sets `result` at the last message."""


class _Reader(Generic[Result]):
    def __init__(self) -> None:
        self.result: Result | None = None


class TextReader(_Reader[Text]):
    """Pieces of a text."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[str] = []

    def read(self, message: pb.StreamTextResponse) -> str | None:
        """A piece, never empty."""
        if message.text:
            self._pieces.append(message.text)
        if message.finish_reason and not _failed(message):
            tokens = (message.prompt_tokens, message.completion_tokens)
            self.result = Text("".join(self._pieces), message.finish_reason, *tokens, message.seed)
        return message.text or None


class ImageReader(_Reader[Painting]):
    """News of an image, painted or edited."""

    def read(self, message: pb.StreamImageResponse) -> Progress | None:
        """The news; the last message is the result and no news."""
        if message.finish_reason:
            self.result = None if _failed(message) else results.painting(message)
            return None
        return Progress(
            queue_position=message.queue_position if message.HasField("queue_position") else None,
            estimated_seconds=message.estimated_seconds if message.HasField("estimated_seconds") else None,
            step=message.step if message.HasField("step") else None,
            total_steps=message.total_steps if message.HasField("total_steps") else None,
            preview=from_file(message.preview) if message.preview else None,
        )


class FramesReader(_Reader[Frames]):
    """News of an animation and its frames."""

    def __init__(self) -> None:
        super().__init__()
        self._frames: list[bytes] = []

    def read(self, message: pb.StreamFramesResponse) -> FramesProgress | None:
        """The news; the last message makes the result too, and has the last frame."""
        if message.frame:
            self._frames.append(message.frame)
        if message.finish_reason:
            self.result = None if _failed(message) else results.animation(self._frames, message)
            if not message.frame:
                return None
        return FramesProgress(
            queue_position=message.queue_position if message.HasField("queue_position") else None,
            estimated_seconds=message.estimated_seconds if message.HasField("estimated_seconds") else None,
            step=message.step if message.HasField("step") else None,
            total_steps=message.total_steps if message.HasField("total_steps") else None,
            preview=from_file(message.preview) if message.preview else None,
            frame_index=message.frame_index if message.HasField("frame_index") else None,
            num_frames=message.num_frames if message.HasField("num_frames") else None,
            frame=from_file(message.frame) if message.frame else None,
        )


def _failed(message: pb.StreamTextResponse | pb.StreamImageResponse | pb.StreamFramesResponse) -> bool:
    """Whether this is the terminal message of a failure; the status that follows says more."""
    return message.finish_reason == "error"
