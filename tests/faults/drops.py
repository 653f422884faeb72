"""How soon an engine lets go of requests whose caller left."""

from __future__ import annotations

import asyncio
import time

from tests.stack import Service


class Drops:
    """How many requests were dropped since, and how many of them within a step."""

    def __init__(self, service: Service, most: int) -> None:
        self._service = service
        self._most = most
        self._before = (0.0, 0.0)

    @classmethod
    async def since_now(cls, service: Service, most: int = 1) -> Drops:
        """Starts counting, once what an earlier test left is gone.

        `most` steps may begin after a caller has left: 1, and 2 where a step takes a few ms, less
        than it can take on a busy machine until the engine knows.
        """
        drops = cls(service, most)
        while await service.metric("generation_engine_(running|waiting).*"):
            await asyncio.sleep(0.02)
        drops._before = await drops._counts()
        return drops

    async def all_within_a_step(self, count: int, seconds: float = 5) -> None:
        """Waits for so many drops at least and for an empty batch; each took no step too many."""
        end, dropped, running = time.monotonic() + seconds, 0.0, 0.0
        while dropped < count or running:
            assert time.monotonic() < end, f"{dropped} of {count} dropped, {running} still running"
            await asyncio.sleep(0.02)
            now = await self._counts()
            dropped, within = (after - before for after, before in zip(now, self._before, strict=True))
            running = await self._service.metric("generation_engine_running.*")
        assert within == dropped

    async def _counts(self) -> tuple[float, float]:
        name = "generation_engine_drop_steps"
        dropped = await self._service.metric(rf"{name}_count\{{.*")
        within = await self._service.metric(rf'{name}_bucket\{{.*le="{self._most}\.0".*')
        return dropped, within
