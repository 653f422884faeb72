"""OpenAI's RPCs: translate, await, translate back. What can go wrong is the interceptor's to tell."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

from generation.v1 import openai_pb2 as pb
from generation.v1 import openai_pb2_grpc
from service import logs
from service.config import Settings
from service.engine.engine import Engine
from service.image_service import ImageService
from service.interceptor import seconds_left
from service.openai import answers, requests
from service.openai.answers import Written
from service.text_service import TextService

if TYPE_CHECKING:
    from generation.v1.openai_pb2_grpc import _ServicerContext as Context


class OpenAIServicer(openai_pb2_grpc.OpenAIServicer):
    """What is answered in one piece."""

    def __init__(
        self, settings: Settings, engines: Sequence[Engine], text: TextService, images: ImageService
    ) -> None:
        self._settings = settings
        self._engines = engines
        self._text = text
        self._images = images
        self._started = int(time.time())

    async def ListServedModels(
        self, request: pb.ListServedModelsRequest, context: "Context"
    ) -> pb.ServedModels:
        about = {"object": "model", "owned_by": "generation-service"}
        models = [
            pb.ServedModel(id=engine.spec.model, created=self._started, **about) for engine in self._engines
        ]
        return pb.ServedModels(object="list", data=models)

    async def CreateChatCompletion(
        self, request: pb.CreateChatCompletionRequest, context: "Context"
    ) -> pb.ChatCompletion:
        job = await self._text.check(requests.chat(request))
        answer = await self._text.complete(job, seconds_left(context, self._settings.deadline_s))
        return answers.chat_completion(_written(self._text), job, answer)

    async def CreateCompletion(
        self, request: pb.CreateCompletionRequest, context: "Context"
    ) -> pb.Completion:
        job = await self._text.check(requests.completion(request), continued=True)
        answer = await self._text.complete(job, seconds_left(context, self._settings.deadline_s))
        return answers.completion(_written(self._text), job, answer)

    async def CreateImages(self, request: pb.CreateImagesRequest, context: "Context") -> pb.Images:
        created, (wanted, count) = int(time.time()), requests.images(request)
        left = seconds_left(context, self._settings.deadline_s)
        jobs = [await self._images.check(wanted) for _ in range(count)]  # each draws a seed of its own
        try:
            async with asyncio.TaskGroup() as group:
                painting = [group.create_task(self._images.complete(job, left)) for job in jobs]
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return answers.images([png for task in painting for png in task.result().pngs], created)


class OpenAIStreamsServicer(openai_pb2_grpc.OpenAIStreamsServicer):
    """What is answered piece by piece."""

    def __init__(self, settings: Settings, text: TextService) -> None:
        self._settings = settings
        self._text = text

    async def StreamChatCompletion(
        self, request: pb.CreateChatCompletionRequest, context: "Context"
    ) -> AsyncGenerator[pb.ChatCompletionChunk, None]:
        job, written = await self._text.check(requests.chat(request)), _written(self._text)
        count, first = request.stream_options.include_usage, True
        left = seconds_left(context, self._settings.deadline_s)
        async with aclosing(self._text.stream(job, left)) as pieces:
            async for piece in pieces:
                for chunk in answers.chat_chunks(written, job, piece, first=first, count=count):
                    yield chunk
                first = False

    async def StreamCompletion(
        self, request: pb.CreateCompletionRequest, context: "Context"
    ) -> AsyncGenerator[pb.Completion, None]:
        job = await self._text.check(requests.completion(request), continued=True)
        written, count = _written(self._text), request.stream_options.include_usage
        left = seconds_left(context, self._settings.deadline_s)
        async with aclosing(self._text.stream(job, left)) as pieces:
            async for piece in pieces:
                for chunk in answers.completion_chunks(written, job, piece, count=count):
                    yield chunk


def _written(text: TextService) -> Written:
    return Written(logs.request_id.get(), text.engine.spec.model)
