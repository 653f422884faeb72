"""Puts the service together, starts it and stops it."""

import asyncio
import logging
import socket
import time

import grpc
from grpc_health.v1 import health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from generation.v1 import generation_pb2, generation_pb2_grpc, openai_pb2, openai_pb2_grpc
from service.config import Settings
from service.engines import Engines, image_spec, text_spec
from service.health import Health
from service.image_service import ImageService
from service.interceptor import CallInterceptor
from service.metrics import Metrics
from service.models.choose import Choice
from service.models.errors import ModelError
from service.observer import Observer
from service.openai.servicer import OpenAIServicer, OpenAIStreamsServicer
from service.params.limits import ImageLimits
from service.servicer import GenerationServicer
from service.text.tokenizer import TextTokenizer
from service.text_service import TextService
from service.tracing import Tracing

POLL_S = 0.05
log = logging.getLogger(__name__)


class PortTakenError(Exception):
    """Another process listens where the service should."""


class GenerationServer:
    """One service: its gRPC port, its metrics port, its engines.

    Raises ModelError if the chosen text model's tokenizer cannot be used.
    """

    def __init__(self, settings: Settings, text: Choice, image: Choice | None) -> None:
        self._settings = settings
        self._metrics = Metrics()
        self._tracing = Tracing(settings.trace_endpoint)
        self._health = Health()
        self._calls = CallInterceptor(Observer(self._metrics, self._tracing.tracer), settings.deadline_s)
        self._engines = Engines(settings, self._metrics, self._tracing.tracer, self._health)
        texts, images = self._text_service(text), self._image_service(image)
        self._server = grpc.aio.server(interceptors=[self._calls], options=_options(settings))
        self._add_services(
            GenerationServicer(settings, self._engines.all, texts, images, lambda: self._calls.draining),
            OpenAIServicer(settings, self._engines.all, texts, images),
            OpenAIStreamsServicer(settings, texts),
        )

    async def start(self) -> int:
        """Opens both ports, begins to load the engines and returns the gRPC port.

        Raises PortTakenError.
        """
        settings = self._settings
        port = self._bind()
        try:
            self._metrics_server, _ = self._metrics.serve(settings.metrics_port)
        except OSError as error:
            raise PortTakenError(
                f"metrics port {settings.metrics_port} is taken: {error.strerror}"
            ) from error
        for modality in ("text", "image"):
            await self._health.set_modality(modality, serving=False)
        await self._health.set_service(serving=True)
        self._engines.start()
        await self._server.start()
        metrics_port = self._metrics_server.server_port
        log.info("gRPC on %s port %d, metrics on 127.0.0.1:%d", settings.host, port, metrics_port)
        return port

    async def stop(self) -> None:
        """Refuses new calls, lets those in flight finish within the grace time, then ends everything."""
        log.info(
            "stopping; calls in flight: %d, they have %g s", self._calls.in_flight, self._settings.grace_s
        )
        self._calls.draining = True
        await self._health.drain()
        await self._calls_end(self._settings.grace_s)
        self._calls.cut()
        await self._calls_end(1.0)
        await self._engines.stop()
        await self._server.stop(grace=1.0)
        self._metrics_server.shutdown()
        await asyncio.to_thread(self._tracing.shutdown)
        log.info("stopped")

    def _text_service(self, choice: Choice) -> TextService:
        tokenizer = _load_tokenizer(choice, self._settings.context_tokens)
        engine = self._engines.add(text_spec(self._settings, choice, tokenizer.context_tokens))
        return TextService(engine, tokenizer, self._metrics)

    def _image_service(self, choice: Choice | None) -> ImageService:
        settings = self._settings
        engine = self._engines.add(image_spec(settings, choice)) if choice else None
        limits = ImageLimits(settings.max_pixels, settings.max_frame_pixels)
        return ImageService(engine, limits, self._metrics)

    def _add_services(
        self, generation: GenerationServicer, whole: OpenAIServicer, streams: OpenAIStreamsServicer
    ) -> None:
        generation_pb2_grpc.add_GenerationServicer_to_server(generation, self._server)
        openai_pb2_grpc.add_OpenAIServicer_to_server(whole, self._server)
        openai_pb2_grpc.add_OpenAIStreamsServicer_to_server(streams, self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health.servicer, self._server)
        files = (generation_pb2.DESCRIPTOR, openai_pb2.DESCRIPTOR)
        names = [service.full_name for file in files for service in file.services_by_name.values()]
        reflection.enable_server_reflection(
            [*names, "grpc.health.v1.Health", reflection.SERVICE_NAME], self._server
        )

    def _bind(self) -> int:
        settings = self._settings
        try:
            # gRPC would print lines of its own about a taken port; a plain socket finds it first.
            family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
            socket.create_server((settings.host, settings.port), family=family).close()
            return self._server.add_insecure_port(settings.address)
        except (OSError, RuntimeError):
            raise PortTakenError(f"gRPC address {settings.address} is taken or cannot be bound") from None

    async def _calls_end(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while self._calls.in_flight and time.monotonic() < end:  # noqa: ASYNC110 - a count has no event
            await asyncio.sleep(POLL_S)


def _load_tokenizer(choice: Choice, context_limit: int) -> TextTokenizer:
    try:
        return TextTokenizer.load(choice.folder, context_limit)
    except (OSError, ValueError) as error:
        raise ModelError(f"the tokenizer of {choice.name} cannot be used: {error}") from error


def _options(settings: Settings) -> list[tuple[str, int]]:
    return [
        ("grpc.so_reuseport", 0),  # a second instance must fail, not share the port
        ("grpc.max_receive_message_length", settings.max_message_bytes),
        ("grpc.max_send_message_length", settings.max_message_bytes),
        ("grpc.keepalive_time_ms", int(settings.keepalive_s * 1000)),
        ("grpc.keepalive_timeout_ms", int(settings.keepalive_timeout_s * 1000)),
        # keepalive_timeout counts from the last byte sent or received; while tokens are being sent to
        # a client that is gone, only the ping's own timeout (a minute by default) ends the connection.
        ("grpc.http2.ping_timeout_ms", int(settings.keepalive_timeout_s * 1000)),
        ("grpc.keepalive_permit_without_calls", 1),
        # Clients that ping a silent call this often are not "too many pings".
        ("grpc.http2.min_ping_interval_without_data_ms", 5000),
    ]
