"""The RPCs: decode, await, encode. What can go wrong is the interceptor's to tell the client."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, TypeVar

from generation.v1 import generation_pb2 as pb
from generation.v1 import generation_pb2_grpc
from service.config import Settings
from service.convert import image, status, text
from service.engine.engine import Engine
from service.image_service import Answer, ImageJob, ImageService, News, Request
from service.interceptor import seconds_left
from service.text_service import TextService

if TYPE_CHECKING:
    from generation.v1.generation_pb2_grpc import _ServicerContext as Context

M = TypeVar("M")


class GenerationServicer(generation_pb2_grpc.GenerationServicer):
    """The Generation service. `draining` tells whether it is about to stop."""

    def __init__(
        self,
        settings: Settings,
        engines: Sequence[Engine],
        text: TextService,
        images: ImageService,
        draining: Callable[[], bool],
    ) -> None:
        self._settings = settings
        self._engines = engines
        self._text = text
        self._images = images
        self._draining = draining

    async def GenerateText(
        self, request: pb.GenerateTextRequest, context: "Context"
    ) -> pb.GenerateTextResponse:
        job = await self._text.check(request)
        answer = await self._text.complete(job, self._seconds_left(context))
        return text.text_response(job, answer)

    async def StreamText(
        self, request: pb.GenerateTextRequest, context: "Context"
    ) -> AsyncGenerator[pb.StreamTextResponse, None]:
        job = await self._text.check(request)
        async with aclosing(self._text.stream(job, self._seconds_left(context))) as pieces:
            async for piece in pieces:
                yield text.text_event(job, piece)

    async def GenerateImage(
        self, request: pb.GenerateImageRequest, context: "Context"
    ) -> pb.GenerateImageResponse:
        return await self._paint(request, context, image.image_response)

    def StreamImage(
        self, request: pb.GenerateImageRequest, context: "Context"
    ) -> AsyncGenerator[pb.StreamImageResponse, None]:
        return self._stream_painting(request, context, image.image_event)

    async def EditImage(self, request: pb.EditImageRequest, context: "Context") -> pb.EditImageResponse:
        return await self._paint(request, context, image.edit_response)

    def StreamEdit(
        self, request: pb.EditImageRequest, context: "Context"
    ) -> AsyncGenerator[pb.StreamImageResponse, None]:
        return self._stream_painting(request, context, image.image_event)

    async def GenerateFrames(
        self, request: pb.GenerateFramesRequest, context: "Context"
    ) -> pb.GenerateFramesResponse:
        return await self._paint(request, context, image.frames_response)

    def StreamFrames(
        self, request: pb.GenerateFramesRequest, context: "Context"
    ) -> AsyncGenerator[pb.StreamFramesResponse, None]:
        return self._stream_painting(request, context, image.frames_event)

    async def GetHealth(self, request: pb.GetHealthRequest, context: "Context") -> pb.GetHealthResponse:
        return status.health(self._engines, self._settings, draining=self._draining())

    async def ListModels(self, request: pb.ListModelsRequest, context: "Context") -> pb.ListModelsResponse:
        return status.models(self._engines, self._settings)

    async def ListStyles(self, request: pb.ListStylesRequest, context: "Context") -> pb.ListStylesResponse:
        return status.styles()

    async def _paint(
        self, request: Request, context: "Context", encode: Callable[[ImageJob, Answer], M]
    ) -> M:
        job = await self._images.check(request)
        answer = await self._images.complete(job, self._seconds_left(context))
        return encode(job, answer)

    async def _stream_painting(
        self, request: Request, context: "Context", encode: Callable[[ImageJob, News], M]
    ) -> AsyncGenerator[M, None]:
        job = await self._images.check(request)
        async with aclosing(self._images.stream(job, self._seconds_left(context))) as news:
            async for item in news:
                yield encode(job, item)

    def _seconds_left(self, context: "Context") -> float:
        return seconds_left(context, self._settings.deadline_s)
