"""How many images come, and how long each takes. Each measurement is beside one of stock diffusers."""

import asyncio
import io
import math
import time
from collections.abc import Awaitable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from benchmarks.images.work import Painter, Work


@dataclass(frozen=True, slots=True)
class Sample:
    """Seconds an image of one painter, and of the stock pipeline just before."""

    painter: str
    size: int
    requests: int
    seconds: float
    stock_seconds: float

    @property
    def ratio(self) -> float:
        """How many times as fast as the stock pipeline."""
        return self.stock_seconds / self.seconds


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Latencies of requests that came one every `period_s` seconds."""

    painter: str
    size: int
    period_s: float
    latencies: list[float]


@dataclass(frozen=True, slots=True)
class Likeness:
    """How like the stock pipeline's image of the same seed a painter's is, in decibels."""

    painter: str
    size: int
    psnr: float


async def sample(stock: Painter, painter: Painter, work: Work, requests: int) -> Sample:
    """One image of the stock pipeline, then so many requests at the same time."""
    alone = await seconds(stock.paint(work, 0))
    images = (painter.paint(work, seed) for seed in range(requests))
    each = await seconds(asyncio.gather(*images)) / requests
    return Sample(painter.name, work.size, requests, each, alone)


async def arrivals(stock: Painter, painter: Painter, work: Work, requests: int, every: float) -> Arrivals:
    """Requests that come one after another, `every` so many of the stock pipeline's image times."""
    period_s = every * await seconds(stock.paint(work, 0))

    async def arrive(index: int) -> float:
        await asyncio.sleep(index * period_s)
        return await seconds(painter.paint(work, index))

    latencies = await asyncio.gather(*map(arrive, range(requests)))
    return Arrivals(painter.name, work.size, period_s, list(latencies))


async def likeness(stock: Painter, painter: Painter, work: Work, seed: int) -> Likeness:
    """Compares two images of one seed."""
    theirs, ours = await stock.paint(work, seed), await painter.paint(work, seed)
    return Likeness(painter.name, work.size, _psnr(theirs, ours))


async def seconds(work: Awaitable[object]) -> float:
    """How long something takes."""
    began = time.perf_counter()
    await work
    return time.perf_counter() - began


def _psnr(one: bytes, other: bytes) -> float:
    """Peak signal-to-noise ratio of two image files of one size, in decibels; infinite if they are equal."""
    first, second = (np.asarray(Image.open(io.BytesIO(file)), np.float64) for file in (one, other))
    error = float(((first - second) ** 2).mean())
    return 10 * math.log10(255**2 / error) if error else math.inf
