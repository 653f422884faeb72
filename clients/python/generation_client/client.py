"""The sync client.

The streaming calls report progress and previews as they come; the others answer once all is done.
"""

from collections.abc import Iterable
from typing import Unpack

from generation.v1 import generation_pb2 as pb
from generation_client import requests, results
from generation_client.pictures import Picture
from generation_client.readers import FramesReader, ImageReader, TextReader
from generation_client.requests import EditOptions, FramesOptions, ImageOptions, Message, TextOptions
from generation_client.results import Frames, FramesProgress, Health, Model, Painting, Progress, Style, Text
from generation_client.streams import Stream
from generation_client.transport import Transport


class Client(Transport):
    """A client of one service, for any number of threads.

    Args:
        address: host:port of the service's gRPC port, or of Envoy.
        connect_timeout: seconds to keep trying to connect before a call is given up, unsent.

    Every call takes a `timeout` in seconds, connecting included (None: the service's, 600 s), and
    the keywords of its options. Every call raises GenerationError.
    """

    def text(self, prompt: str, *, timeout: float | None = None, **options: Unpack[TextOptions]) -> Text:
        """Answers an instruction.

        >>> with Client("localhost:50051") as client:
        ...     answer = client.text("What is the capital of France?", temperature=0, seed=7)
        >>> answer.text, answer.finish_reason, answer.completion_tokens, answer.seed
        ('The capital of France is Paris.', 'stop', 8, 7)
        """
        request = requests.text(prompt, options)
        return results.text(self._answer(self._stub.GenerateText, request, timeout))

    def chat(
        self, messages: Iterable[Message], *, timeout: float | None = None, **options: Unpack[TextOptions]
    ) -> Text:
        """Continues a conversation, whose last turn is the user's.

        >>> with Client("localhost:50051") as client:
        ...     turns = [{"role": "user", "content": "What is the capital of France?"}]
        ...     client.chat(turns, temperature=0).text
        'The capital of France is Paris.'
        """
        request = requests.chat(messages, options)
        return results.text(self._answer(self._stub.GenerateText, request, timeout))

    def stream_text(
        self, prompt: str, *, timeout: float | None = None, **options: Unpack[TextOptions]
    ) -> Stream[str, Text]:
        """As `text`, piece by piece; afterwards the stream's `result` is what `text` answers."""
        return self._stream(self._stub.StreamText, requests.text(prompt, options), TextReader(), timeout)

    def stream_chat(
        self, messages: Iterable[Message], *, timeout: float | None = None, **options: Unpack[TextOptions]
    ) -> Stream[str, Text]:
        """As `chat`, piece by piece; afterwards the stream's `result` is what `chat` answers."""
        return self._stream(self._stub.StreamText, requests.chat(messages, options), TextReader(), timeout)

    def image(
        self, prompt: str, *, timeout: float | None = None, **options: Unpack[ImageOptions]
    ) -> Painting:
        """Paints an image.

        >>> with Client("localhost:50051") as client:
        ...     painting = client.image(
        ...         "A cat wearing sunglasses", width=128, height=64, num_inference_steps=2, seed=7
        ...     )
        >>> painting.image.size, painting.seed
        ((128, 64), 7)
        """
        request = requests.image(prompt, options)
        return results.painting(self._answer(self._stub.GenerateImage, request, timeout))

    def stream_image(
        self, prompt: str, *, timeout: float | None = None, **options: Unpack[ImageOptions]
    ) -> Stream[Progress, Painting]:
        """As `image`, with its progress; afterwards the stream's `result` is what `image` answers.

        >>> with Client("localhost:50051") as client:
        ...     news = client.stream_image("A cat", width=64, height=64, num_inference_steps=2)
        ...     [f"{progress.step} of {progress.total_steps}" for progress in news if progress.step]
        ...     news.result.image.size
        ['1 of 2', '2 of 2']
        (64, 64)
        """
        return self._stream(self._stub.StreamImage, requests.image(prompt, options), ImageReader(), timeout)

    def edit(
        self, image: Picture, prompt: str, *, timeout: float | None = None, **options: Unpack[EditOptions]
    ) -> Painting:
        """Changes an image: a PIL image, the path of a file, or its bytes. It keeps its size.

        >>> from PIL import Image
        >>> with Client("localhost:50051") as client:
        ...     client.edit(Image.new("RGB", (96, 64)), "A painting", num_inference_steps=2).image.size
        (96, 64)

        Raises OSError if the file cannot be read.
        """
        request = requests.edit(image, prompt, options)
        return results.painting(self._answer(self._stub.EditImage, request, timeout))

    def stream_edit(
        self, image: Picture, prompt: str, *, timeout: float | None = None, **options: Unpack[EditOptions]
    ) -> Stream[Progress, Painting]:
        """As `edit`, with its progress; afterwards the stream's `result` is what `edit` answers."""
        request = requests.edit(image, prompt, options)
        return self._stream(self._stub.StreamEdit, request, ImageReader(), timeout)

    def frames(
        self, prompt: str, *, timeout: float | None = None, **options: Unpack[FramesOptions]
    ) -> Frames:
        """Paints the frames of an animation.

        >>> with Client("localhost:50051") as client:
        ...     frames = client.frames(
        ...         "A spinning cube", num_frames=2, width=64, height=64, num_inference_steps=2
        ...     )
        >>> [image.size for image in frames.images]
        [(64, 64), (64, 64)]
        """
        answer = self._answer(self._stub.GenerateFrames, requests.frames(prompt, options), timeout)
        return results.animation(answer.frames, answer)

    def stream_frames(
        self, prompt: str, *, timeout: float | None = None, **options: Unpack[FramesOptions]
    ) -> Stream[FramesProgress, Frames]:
        """As `frames`, with its progress and each frame as it is ready; `result` has them all.

        >>> with Client("localhost:50051") as client:
        ...     size = {"width": 64, "height": 64}
        ...     for news in client.stream_frames("A cube", num_frames=2, num_inference_steps=2, **size):
        ...         if news.frame:
        ...             print(news.frame_index, news.frame.size)
        0 (64, 64)
        1 (64, 64)
        """
        request = requests.frames(prompt, options)
        return self._stream(self._stub.StreamFrames, request, FramesReader(), timeout)

    def models(self, *, timeout: float | None = None) -> list[Model]:
        """What is served, text before images.

        >>> with Client("localhost:50051") as client:
        ...     [(model.modality, model.state) for model in client.models()]
        [('text', 'ready'), ('image', 'ready')]
        """
        answer = self._answer(self._stub.ListModels, pb.ListModelsRequest(), timeout)
        return [results.plain(Model, model) for model in answer.models]

    def styles(self, *, timeout: float | None = None) -> list[Style]:
        """The styles that pictures can name, the default first.

        >>> with Client("localhost:50051") as client:
        ...     client.styles()[0].name
        'realistic'
        """
        answer = self._answer(self._stub.ListStyles, pb.ListStylesRequest(), timeout)
        return [results.plain(Style, style) for style in answer.styles]

    def health(self, *, timeout: float | None = None) -> Health:
        """Whether the service is up and where it computes.

        >>> with Client("localhost:50051") as client:
        ...     client.health().status
        'ok'
        """
        answer = self._answer(self._stub.GetHealth, pb.GetHealthRequest(), timeout)
        return results.plain(Health, answer)
