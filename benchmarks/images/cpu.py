"""The report on a CPU: every painter at every size, staggered arrivals, cancels, previews."""

import argparse
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from tqdm import tqdm

from benchmarks.images.cpu_tables import Result, tables
from benchmarks.images.document import Setting, write_section
from benchmarks.images.measures import arrivals, likeness, sample
from benchmarks.images.painters import Stock, over_grpc, over_rest
from benchmarks.images.plot import draw
from benchmarks.images.product import running_product
from benchmarks.images.streams import Streams, streams
from benchmarks.images.work import Painter, Work

Job = Callable[[], Awaitable[Result]]

STEPS = 6
MOST_ROUNDS_ABOVE_512 = 3
STAGGERED_REQUESTS = 10
EVERY = 0.5  # of an image's time
STREAM_ROUNDS = 5


async def report(options: argparse.Namespace, folder: Path, made_up: bool) -> None:
    """Measures everything, then writes the tables and the plot."""
    setting = Setting.here(options.model, made_up, options.steps or STEPS, options.threads)
    async with AsyncExitStack() as stack:
        threads = f"--threads={options.threads}"
        stock = await stack.enter_async_context(Stock.running(options.model, threads))
        product = await stack.enter_async_context(
            running_product(folder, options.model, "--device=cpu", threads)
        )
        grpc = await stack.enter_async_context(over_grpc(product.grpc_address))
        rest = await stack.enter_async_context(over_rest(product.rest_url))
        stream = await stack.enter_async_context(streams(product.grpc_address, product.metrics_url))
        jobs = [*_at_once(options, stock, [grpc, rest]), *_staggered(options, [stock, grpc, rest])]
        jobs += _others(options, stock, [grpc, rest], stream)
        results = [await job() for job in tqdm(jobs, unit="measurement", ncols=80)]
    draw(results, setting, options.docs / "images.png")
    write_section(options.docs / "images.md", "On a CPU", setting, tables(results))


def _work(options: argparse.Namespace, size: int) -> Work:
    return Work(size, options.steps or STEPS)


def _at_once(options: argparse.Namespace, stock: Painter, painters: Sequence[Painter]) -> Iterator[Job]:
    """Rounds over all sizes and numbers of requests; the painters change places from round to round."""
    for turn in range(options.rounds):
        for size in options.sizes:
            if size <= 512 or turn < MOST_ROUNDS_ABOVE_512:
                for requests in options.requests:
                    for painter in painters[::-1] if turn % 2 else painters:
                        yield partial(sample, stock, painter, _work(options, size), requests)


def _staggered(options: argparse.Namespace, painters: Sequence[Painter]) -> Iterator[Job]:
    for size in options.sizes:
        for painter in painters:
            work = _work(options, size)
            yield partial(arrivals, painters[0], painter, work, STAGGERED_REQUESTS, EVERY)


def _others(
    options: argparse.Namespace, stock: Painter, painters: Sequence[Painter], stream: Streams
) -> Iterator[Job]:
    for size in options.sizes:
        for painter in painters:
            yield partial(likeness, stock, painter, _work(options, size), 1)
        for seed in range(STREAM_ROUNDS):
            yield partial(stream.cancel, _work(options, size), seed)
            yield partial(stream.preview, _work(options, size), seed)
