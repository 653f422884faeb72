"""A service that does what a test says, behind an Envoy of its own: for outages, cancels, sizes, stops."""

from __future__ import annotations  # contexts are generic for type checkers only

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf.message import Message
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from generation.v1 import generation_pb2 as pb
from rest_proxy.envoy import Envoy
from rest_proxy.render import ProxyAddresses
from tests.ports import free_ports

NAME = "generation.v1.Generation"
LARGEST_MESSAGE = 80 << 20
if TYPE_CHECKING:
    Context = grpc.aio.ServicerContext[Message, Message]


class SteeredService:
    """Holds every text until `released`, streams without end, notes when calls start and are cancelled."""

    def __init__(self) -> None:
        self.started = asyncio.Event()
        self.released = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.calls = 0
        self.seconds_left: float | None = 0.0
        self.image = b""

    def handler(self) -> grpc.GenericRpcHandler:
        """Its methods, for a server; the others stay unimplemented."""
        text, edit = pb.GenerateTextRequest.FromString, pb.EditImageRequest.FromString
        methods: dict[str, grpc.RpcMethodHandler[Any, Any]] = {
            "GenerateText": grpc.unary_unary_rpc_method_handler(self._text, text, _encode),
            "StreamText": grpc.unary_stream_rpc_method_handler(self._stream, text, _encode),
            "EditImage": grpc.unary_unary_rpc_method_handler(self._edit, edit, _encode),
            "GetHealth": grpc.unary_unary_rpc_method_handler(
                self._health, pb.GetHealthRequest.FromString, _encode
            ),
        }
        return grpc.method_handlers_generic_handler(NAME, methods)

    async def _text(self, request: pb.GenerateTextRequest, context: Context) -> pb.GenerateTextResponse:
        self.calls += 1
        self.seconds_left = context.time_remaining()
        self.started.set()
        with self._noting_cancel():
            await self.released.wait()
        return pb.GenerateTextResponse(text="done", prompt=request.prompt, finish_reason="stop")

    async def _stream(
        self, request: pb.GenerateTextRequest, _context: Context
    ) -> AsyncIterator[pb.StreamTextResponse]:
        self.started.set()
        with self._noting_cancel():
            while True:
                yield pb.StreamTextResponse(text=request.prompt)
                await asyncio.sleep(0.01)

    async def _edit(self, request: pb.EditImageRequest, _context: Context) -> pb.EditImageResponse:
        return pb.EditImageResponse(image_base64=self.image, seed=len(request.image_base64))

    async def _health(self, _request: pb.GetHealthRequest, _context: Context) -> pb.GetHealthResponse:
        return pb.GetHealthResponse(status="ok", device="cpu", models_dir="./models")

    @contextlib.contextmanager
    def _noting_cancel(self) -> Iterator[None]:
        try:
            yield
        except (asyncio.CancelledError, GeneratorExit):
            self.cancelled.set()
            raise


def _encode(message: Message) -> bytes:
    return message.SerializeToString()


@dataclass
class Upstream:
    """A gRPC server with a steered service; it can be stopped and another started at the same port."""

    service: SteeredService
    health: health.aio.HealthServicer
    server: grpc.aio.Server

    @classmethod
    async def start(cls, port: int) -> Upstream:
        sizes = (("grpc.max_receive_message_length", LARGEST_MESSAGE), ("grpc.max_send_message_length", -1))
        server = grpc.aio.server(options=(*sizes, ("grpc.so_reuseport", 0)))
        upstream = cls(SteeredService(), health.aio.HealthServicer(), server)
        server.add_generic_rpc_handlers((upstream.service.handler(),))
        health_pb2_grpc.add_HealthServicer_to_server(upstream.health, server)
        await upstream.say(health_pb2.HealthCheckResponse.SERVING)
        server.add_insecure_port(f"127.0.0.1:{port}")
        await server.start()
        return upstream

    async def say(self, status: int) -> None:
        """Sets what the standard health check answers for the service."""
        await self.health.set(NAME, status)


@dataclass
class Proxied:
    """A steered service, its Envoy, and where each is."""

    upstream: Upstream
    envoy: Envoy
    addresses: ProxyAddresses

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.addresses.ports[0]}"

    @property
    def upstream_port(self) -> int:
        return int(self.addresses.upstream.rpartition(":")[2])

    @property
    def service(self) -> SteeredService:
        return self.upstream.service


def free_addresses() -> ProxyAddresses:
    """Addresses on loopback that nothing uses."""
    first, second, admin, upstream = free_ports(4)
    return ProxyAddresses(ports=(first, second), upstream=f"127.0.0.1:{upstream}", admin_port=admin)


@contextlib.asynccontextmanager
async def proxied_service(log_path: Path | None = None) -> AsyncIterator[Proxied]:
    """Runs both for the length of a block."""
    addresses = free_addresses()
    upstream = await Upstream.start(int(addresses.upstream.rpartition(":")[2]))
    envoy = await Envoy.start(addresses, log_path=log_path)
    proxied = Proxied(upstream, envoy, addresses)
    try:
        yield proxied
    finally:
        await envoy.stop(0)
        await proxied.upstream.server.stop(None)
