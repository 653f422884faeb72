"""The RPCs: decode, await, encode. What can go wrong is the interceptor's to tell the client."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING

from generation.v1 import generation_pb2 as pb
from generation.v1 import generation_pb2_grpc
from service import convert
from service.config import Settings
from service.image_service import ImageService
from service.interceptor import seconds_left
from service.text_service import TextService

if TYPE_CHECKING:
    from generation.v1.generation_pb2_grpc import _ServicerContext as Context


class GenerationServicer(generation_pb2_grpc.GenerationServicer):
    """The Generation service. `draining` tells whether it is about to stop."""

    def __init__(
        self, settings: Settings, text: TextService, images: ImageService, draining: Callable[[], bool]
    ) -> None:
        self._settings = settings
        self._text = text
        self._images = images
        self._draining = draining

    async def GenerateText(
        self, request: pb.GenerateTextRequest, context: "Context"
    ) -> pb.GenerateTextResponse:
        job = await self._text.check(request)
        answer = await self._text.complete(job, seconds_left(context, self._settings.deadline_s))
        return convert.text_response(job, answer)

    async def StreamText(
        self, request: pb.GenerateTextRequest, context: "Context"
    ) -> AsyncGenerator[pb.StreamTextResponse, None]:
        job = await self._text.check(request)
        pieces = self._text.stream(job, seconds_left(context, self._settings.deadline_s))
        async with aclosing(pieces):
            async for piece in pieces:
                yield convert.text_event(job, piece)

    async def GenerateImage(
        self, request: pb.GenerateImageRequest, context: "Context"
    ) -> pb.GenerateImageResponse:
        await self._images.refuse(request)

    async def StreamImage(
        self, request: pb.GenerateImageRequest, context: "Context"
    ) -> AsyncGenerator[pb.StreamImageResponse, None]:
        await self._images.refuse(request)
        yield pb.StreamImageResponse()

    async def EditImage(self, request: pb.EditImageRequest, context: "Context") -> pb.EditImageResponse:
        await self._images.refuse(request)

    async def StreamEdit(
        self, request: pb.EditImageRequest, context: "Context"
    ) -> AsyncGenerator[pb.StreamImageResponse, None]:
        await self._images.refuse(request)
        yield pb.StreamImageResponse()

    async def GenerateFrames(
        self, request: pb.GenerateFramesRequest, context: "Context"
    ) -> pb.GenerateFramesResponse:
        await self._images.refuse(request)

    async def StreamFrames(
        self, request: pb.GenerateFramesRequest, context: "Context"
    ) -> AsyncGenerator[pb.StreamFramesResponse, None]:
        await self._images.refuse(request)
        yield pb.StreamFramesResponse()

    async def GetHealth(self, request: pb.GetHealthRequest, context: "Context") -> pb.GetHealthResponse:
        return convert.health(self._text.engine, self._settings, draining=self._draining())

    async def ListModels(self, request: pb.ListModelsRequest, context: "Context") -> pb.ListModelsResponse:
        return pb.ListModelsResponse(models=[convert.model(self._text.engine, self._settings.max_waiting)])

    async def ListStyles(self, request: pb.ListStylesRequest, context: "Context") -> pb.ListStylesResponse:
        return convert.styles()
