"""Asks a running Envoy through its admin port: is it ready, what is in flight, drain."""

import asyncio
import re
from http.client import HTTPConnection, HTTPException

TIMEOUT_S = 5.0
ACTIVE = re.compile(r"^http\.rest\.downstream_rq_active: (\d+)$", re.MULTILINE)


class Admin:
    """The admin interface on a loopback port. Each method raises OSError while nothing answers there."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def ready(self) -> bool:
        """Whether every listener is open."""
        status, _ = await self._call("GET", "/ready")
        return status == 200

    async def active_requests(self) -> int:
        """How many requests of clients are in flight."""
        _, text = await self._call("GET", "/stats?filter=downstream_rq_active")
        found = ACTIVE.search(text)
        return int(found.group(1)) if found else 0

    async def drain(self) -> None:
        """Tells clients to open no further connection here, and closes idle ones; work goes on."""
        await self._call("POST", "/drain_listeners?graceful&skip_exit")

    async def _call(self, method: str, path: str) -> tuple[int, str]:
        return await asyncio.to_thread(self._call_now, method, path)

    def _call_now(self, method: str, path: str) -> tuple[int, str]:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT_S)
        try:
            connection.request(method, path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        except HTTPException as error:
            raise OSError(f"no HTTP on admin port {self._port}") from error
        finally:
            connection.close()
