"""The standard health protocol: the whole service under two names, and each modality under its own."""

from grpc_health.v1 import health_pb2
from grpc_health.v1.health import aio as health_aio

SERVICE = "generation.v1.Generation"
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


class Health:
    """The service is SERVING from its start to its drain, a modality while its engine is ready."""

    def __init__(self) -> None:
        self.servicer = health_aio.HealthServicer()

    async def set_service(self, *, serving: bool) -> None:
        """Sets the names that stand for the whole service."""
        for name in ("", SERVICE):
            await self._set(name, serving)

    async def set_modality(self, modality: str, *, serving: bool) -> None:
        """Sets one modality, "text" or "image"."""
        await self._set(f"{SERVICE}/{modality}", serving)

    async def drain(self) -> None:
        """Sets every name to NOT_SERVING for good."""
        await self.servicer.enter_graceful_shutdown()

    async def _set(self, name: str, serving: bool) -> None:
        await self.servicer.set(name, SERVING if serving else NOT_SERVING)
