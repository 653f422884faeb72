"""The report on a GPU: SDXL's size against eager bfloat16, and text beside an image."""

import argparse
import asyncio
import statistics
import time
from contextlib import AsyncExitStack
from itertools import pairwise
from pathlib import Path

import grpc
import torch

from benchmarks.document import table
from benchmarks.images.cpu_tables import percentile
from benchmarks.images.document import Setting, write_section
from benchmarks.images.measures import Sample, likeness, sample
from benchmarks.images.painters import OPTIONS, TIMEOUT_S, Stock, over_grpc
from benchmarks.images.product import running_product
from benchmarks.images.work import Painter, Work
from generation.v1 import generation_pb2 as pb
from generation.v1 import generation_pb2_grpc

STEPS = 30
GUIDANCE = 7.5
REQUESTS = (1, 4)
TOKENS = 200


async def report(options: argparse.Namespace, folder: Path, made_up: bool) -> None:
    """Measures and writes the section; the stock pipeline has to fit beside the service."""
    if not torch.cuda.is_available():
        raise SystemExit("--gpu-report needs a GPU")
    work = Work(1024, options.steps or STEPS, GUIDANCE)
    setting = Setting.here(options.model, made_up, work.steps, options.threads, torch.cuda.get_device_name())
    async with AsyncExitStack() as stack:
        free = _free_gib()
        product = await stack.enter_async_context(running_product(folder, options.model, "--device=cuda"))
        painter = await stack.enter_async_context(over_grpc(product.grpc_address))
        await painter.paint(work, 0)
        memory = free - _free_gib()
        text = await stack.enter_async_context(
            grpc.aio.insecure_channel(product.grpc_address, options=OPTIONS)
        )
        idle, busy = await _gaps(text), await _gaps_beside(text, painter, work)
        stock = await stack.enter_async_context(
            Stock.running(options.model, "--device=cuda", "--dtype=bfloat16")
        )
        await stock.paint(work, 0)
        samples = [await sample(stock, painter, work, n) for _ in range(options.rounds) for n in REQUESTS]
        alike = await likeness(stock, painter, work, 1)
    body = _body(samples, alike.psnr, idle, busy, memory)
    write_section(options.docs / "images.md", "On a GPU", setting, body)


async def _gaps(channel: grpc.aio.Channel) -> list[float]:
    """Seconds between the tokens of one text."""
    request = pb.GenerateTextRequest(prompt="Tell me a very long story.", max_tokens=TOKENS, seed=1)
    stream = generation_pb2_grpc.GenerationStub(channel).StreamText(request, timeout=TIMEOUT_S)
    at = [time.perf_counter() async for _ in stream]
    return [later - earlier for earlier, later in pairwise(at)]


async def _gaps_beside(channel: grpc.aio.Channel, painter: Painter, work: Work) -> list[float]:
    """The same while images are painted."""
    gaps: list[float] = []
    image = asyncio.ensure_future(painter.paint(work, 0))
    while not image.done():
        gaps += await _gaps(channel)
    await image
    return gaps


def _free_gib() -> float:
    return torch.cuda.mem_get_info()[0] / 2**30


def _body(samples: list[Sample], psnr: float, idle: list[float], busy: list[float], memory: float) -> str:
    rows = [["stock diffusers, eager bfloat16: seconds", _median([one.stock_seconds for one in samples])]]
    for n in REQUESTS:
        mine = [one for one in samples if one.requests == n]
        rows.append([f"service, {n} at once: seconds an image", _median([one.seconds for one in mine])])
        rows.append([f"service, {n} at once: times as fast", _median([one.ratio for one in mine])])
    rows.append(["PSNR to stock diffusers, dB", f"{psnr:.1f}"])
    for name, gaps in (("idle", idle), ("beside an image", busy)):
        middle, high = 1000 * statistics.median(gaps), 1000 * percentile(gaps, 95)
        rows.append([f"between text tokens, {name}: p50 / p95, ms", f"{middle:.1f} / {high:.1f}"])
    rows.append(["GPU memory of the service, both models, GiB", f"{memory:.1f}"])
    return table(["1024 x 1024, guidance 7.5, request in to pixels out, medians", "measured"], rows)


def _median(values: list[float]) -> str:
    return f"{statistics.median(values):.2f}"
