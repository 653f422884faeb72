"""A small server that fails as it is told, and counts the calls that matter."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc

from generation.v1 import generation_pb2 as pb
from generation.v1 import generation_pb2_grpc


class Failing(generation_pb2_grpc.GenerationServicer):
    """Every text is UNAVAILABLE, a stream after its first piece; `calls` counts both.

    GetHealth answers, with `models_dir` in it.
    """

    def __init__(self) -> None:
        self.calls = 0
        self.models_dir = "models"

    def GenerateText(
        self, request: pb.GenerateTextRequest, context: grpc.ServicerContext
    ) -> pb.GenerateTextResponse:
        self.calls += 1
        context.abort(grpc.StatusCode.UNAVAILABLE, "the engine is restarting")
        raise AssertionError("abort raises")

    def StreamText(
        self, request: pb.GenerateTextRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.StreamTextResponse]:
        self.calls += 1
        yield pb.StreamTextResponse(text="Once")
        yield pb.StreamTextResponse(finish_reason="error", detail="the engine ended")
        context.abort(grpc.StatusCode.UNAVAILABLE, "the engine ended")

    def GetHealth(self, request: pb.GetHealthRequest, context: grpc.ServicerContext) -> pb.GetHealthResponse:
        return pb.GetHealthResponse(status="ok", device="cpu", models_dir=self.models_dir)


@contextmanager
def failing_server(port: int) -> Iterator[Failing]:
    """Serves a Failing on a port of loopback."""
    servicer = Failing()  # type: ignore[abstract]  # what is missing answers UNIMPLEMENTED
    server = grpc.server(ThreadPoolExecutor(4))
    generation_pb2_grpc.add_GenerationServicer_to_server(servicer, server)
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    try:
        yield servicer
    finally:
        server.stop(None).wait()
