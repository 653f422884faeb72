"""Python client of the generation service: text, images, edits and frames, sync and async.

>>> from generation_client import Client
>>> with Client("localhost:50051") as client:
...     client.text("What is the capital of France?", temperature=0).text
'The capital of France is Paris.'
"""

from generation_client.async_client import AsyncClient
from generation_client.client import Client
from generation_client.errors import (
    Cancelled,
    DeadlineExceeded,
    FieldViolation,
    GenerationError,
    Internal,
    InvalidArgument,
    NotFound,
    ResourceExhausted,
    Unavailable,
    Unimplemented,
)
from generation_client.requests import EditOptions, FramesOptions, ImageOptions, Message, TextOptions
from generation_client.results import (
    Frames,
    FramesProgress,
    Health,
    Model,
    Painting,
    Progress,
    Style,
    Text,
)
from generation_client.streams import AsyncStream, Stream

__all__ = [
    "AsyncClient",
    "AsyncStream",
    "Cancelled",
    "Client",
    "DeadlineExceeded",
    "EditOptions",
    "FieldViolation",
    "Frames",
    "FramesOptions",
    "FramesProgress",
    "GenerationError",
    "Health",
    "ImageOptions",
    "Internal",
    "InvalidArgument",
    "Message",
    "Model",
    "NotFound",
    "Painting",
    "Progress",
    "ResourceExhausted",
    "Stream",
    "Style",
    "Text",
    "TextOptions",
    "Unavailable",
    "Unimplemented",
]
