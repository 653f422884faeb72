"""The metrics of a running service, read as Prometheus reads them."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator

import httpx
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tests.stack import Service


async def families(service: Service) -> list[Metric]:
    """Every metric with its samples."""
    async with httpx.AsyncClient(trust_env=False) as client:
        page = await client.get(f"http://127.0.0.1:{service.metrics_port}/metrics")
    return list(text_string_to_metric_families(page.text))


async def samples(service: Service, name: str) -> Iterator[Sample]:
    """The samples of this name."""
    every = [sample for family in await families(service) for sample in family.samples]
    return (sample for sample in every if sample.name == name)


async def value(service: Service, name: str) -> float:
    """The sum of the samples of this name."""
    return sum(sample.value for sample in await samples(service, name))


async def calls(service: Service) -> Counter[tuple[str, str]]:
    """The calls that have ended, by method and code."""
    counted: Counter[tuple[str, str]] = Counter()
    for sample in await samples(service, "generation_calls_total"):
        counted[sample.labels["method"], sample.labels["code"]] = int(sample.value)
    return counted


async def until_in_flight(service: Service, count: int, seconds: float = 120) -> None:
    """Waits until so many calls are being answered."""
    end = time.monotonic() + seconds
    while (now := await value(service, "generation_calls_in_flight")) != count:
        assert time.monotonic() < end, f"{now} calls in flight, not {count}"
        await asyncio.sleep(0.05)
