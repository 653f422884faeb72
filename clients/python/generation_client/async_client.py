"""The async client: what the sync one does, in an event loop. What is said of its calls there holds here."""
# ruff: noqa: ASYNC109  # a timeout here is the call's deadline: the service knows it too

from collections.abc import Iterable
from typing import Unpack

from generation.v1 import generation_pb2 as pb
from generation_client import requests, results
from generation_client.pictures import Picture
from generation_client.readers import FramesReader, ImageReader, TextReader
from generation_client.requests import EditOptions, FramesOptions, ImageOptions, Message, TextOptions
from generation_client.results import Frames, FramesProgress, Health, Model, Painting, Progress, Style, Text
from generation_client.streams import AsyncStream
from generation_client.transport import AsyncTransport


class AsyncClient(AsyncTransport):
    """A client of one service, for the event loop that it is made in.

    >>> async def main() -> None:
    ...     async with AsyncClient("localhost:50051") as client:
    ...         answers = [client.text(f"{n} + 2 =", temperature=0, max_tokens=4) for n in range(3)]
    ...         print([answer.completion_tokens for answer in await asyncio.gather(*answers)])
    ...         print((await client.health()).status)
    >>> asyncio.run(main())
    [4, 4, 4]
    ok

    Args, timeouts, options and errors are those of Client. A task that is cancelled cancels its call.
    """

    async def text(
        self, prompt: str, *, timeout: float | None = None, **options: Unpack[TextOptions]
    ) -> Text:
        """Answers an instruction."""
        request = requests.text(prompt, options)
        return results.text(await self._answer(self._stub.GenerateText, request, timeout))

    async def chat(
        self, messages: Iterable[Message], *, timeout: float | None = None, **options: Unpack[TextOptions]
    ) -> Text:
        """Continues a conversation, whose last turn is the user's."""
        request = requests.chat(messages, options)
        return results.text(await self._answer(self._stub.GenerateText, request, timeout))

    def stream_text(
        self, prompt: str, *, timeout: float | None = None, **options: Unpack[TextOptions]
    ) -> AsyncStream[str, Text]:
        """As `text`, piece by piece; afterwards the stream's `result` is what `text` answers."""
        return self._stream(self._stub.StreamText, requests.text(prompt, options), TextReader(), timeout)

    def stream_chat(
        self, messages: Iterable[Message], *, timeout: float | None = None, **options: Unpack[TextOptions]
    ) -> AsyncStream[str, Text]:
        """As `chat`, piece by piece; afterwards the stream's `result` is what `chat` answers."""
        return self._stream(self._stub.StreamText, requests.chat(messages, options), TextReader(), timeout)

    async def image(
        self, prompt: str, *, timeout: float | None = None, **options: Unpack[ImageOptions]
    ) -> Painting:
        """Paints an image."""
        request = requests.image(prompt, options)
        answer = await self._answer(self._stub.GenerateImage, request, timeout)
        return results.painting(answer)

    def stream_image(
        self, prompt: str, *, timeout: float | None = None, **options: Unpack[ImageOptions]
    ) -> AsyncStream[Progress, Painting]:
        """As `image`, with its progress; afterwards the stream's `result` is what `image` answers."""
        return self._stream(self._stub.StreamImage, requests.image(prompt, options), ImageReader(), timeout)

    async def edit(
        self, image: Picture, prompt: str, *, timeout: float | None = None, **options: Unpack[EditOptions]
    ) -> Painting:
        """Changes an image: a PIL image, the path of a file, or its bytes. It keeps its size.

        Raises OSError if the file cannot be read.
        """
        request = requests.edit(image, prompt, options)
        answer = await self._answer(self._stub.EditImage, request, timeout)
        return results.painting(answer)

    def stream_edit(
        self, image: Picture, prompt: str, *, timeout: float | None = None, **options: Unpack[EditOptions]
    ) -> AsyncStream[Progress, Painting]:
        """As `edit`, with its progress; afterwards the stream's `result` is what `edit` answers."""
        request = requests.edit(image, prompt, options)
        return self._stream(self._stub.StreamEdit, request, ImageReader(), timeout)

    async def frames(
        self, prompt: str, *, timeout: float | None = None, **options: Unpack[FramesOptions]
    ) -> Frames:
        """Paints the frames of an animation."""
        answer = await self._answer(self._stub.GenerateFrames, requests.frames(prompt, options), timeout)
        return results.animation(answer.frames, answer)

    def stream_frames(
        self, prompt: str, *, timeout: float | None = None, **options: Unpack[FramesOptions]
    ) -> AsyncStream[FramesProgress, Frames]:
        """As `frames`, with its progress and each frame as it is ready; `result` has them all."""
        request = requests.frames(prompt, options)
        return self._stream(self._stub.StreamFrames, request, FramesReader(), timeout)

    async def models(self, *, timeout: float | None = None) -> list[Model]:
        """What is served, text before images."""
        answer = await self._answer(self._stub.ListModels, pb.ListModelsRequest(), timeout)
        return [results.plain(Model, model) for model in answer.models]

    async def styles(self, *, timeout: float | None = None) -> list[Style]:
        """The styles that pictures can name, the default first."""
        answer = await self._answer(self._stub.ListStyles, pb.ListStylesRequest(), timeout)
        return [results.plain(Style, style) for style in answer.styles]

    async def health(self, *, timeout: float | None = None) -> Health:
        """Whether the service is up and where it computes."""
        answer = await self._answer(self._stub.GetHealth, pb.GetHealthRequest(), timeout)
        return results.plain(Health, answer)
