"""Measures the parts that were asked for, with the engines that run."""

import argparse
from collections.abc import Sequence
from contextlib import AsyncExitStack
from itertools import chain
from pathlib import Path

from benchmarks.images.product import Product
from benchmarks.text.clients import OverRest, over_grpc
from benchmarks.text.contestants import Child, Contestant, Entry
from benchmarks.text.document import Findings
from benchmarks.text.machine import Held, Limits, engine_of, held
from benchmarks.text.prompts import Prompts
from benchmarks.text.quality import Quality, compare
from benchmarks.text.rounds import Rounds


async def measure(
    options: argparse.Namespace,
    product: Product,
    entries: Sequence[Entry],
    prompts: Prompts,
    limits: Limits,
    log_folder: Path,
) -> Findings:
    """Everything in `options.only`. `entries` are the children; those that do not start are missing."""
    failed: dict[str, str] = {}
    async with AsyncExitStack() as stack:
        clients: list[Contestant] = [
            await stack.enter_async_context(over_grpc(product.grpc_address, product.pid)),
            OverRest(product.rest_url, product.pid),
        ]
        children = [child for entry in entries if (child := await _start(stack, entry, log_folder, failed))]
        rounds = Rounds([*clients, *children], prompts)
        await rounds.run(list(rounds.warm_up()))
        parts = {
            "at-once": rounds.at_once(options.rounds, options.requests),
            "joining": rounds.joining(options.rounds),
            "contexts": rounds.contexts(),
        }
        jobs = list(chain.from_iterable(jobs for part, jobs in parts.items() if part in options.only))
        results = await rounds.run(jobs)
        memory = _memory(product, children)  # before a second copy of weights is loaded for what follows
        quality = await _quality(children, prompts) if "quality" in options.only else []
    return Findings(results, limits, memory, quality, failed | rounds.failed)


async def _start(
    stack: AsyncExitStack, entry: Entry, log_folder: Path, failed: dict[str, str]
) -> Child | None:
    try:
        return await stack.enter_async_context(entry.running(log_folder))
    except RuntimeError as error:
        failed[entry.name] = f"{error}: see {log_folder}"
        print(f"{entry.name} does not take part: {failed[entry.name]}")
        return None


def _memory(product: Product, children: Sequence[Child]) -> list[Held]:
    engine = held("the service's text engine", engine_of(product.pid))
    return [held("service", product.pid), engine, *(held(child.name, child.pid) for child in children)]


async def _quality(children: Sequence[Child], prompts: Prompts) -> list[Quality]:
    """Of the children that can tell their scores, against transformers."""
    by_name = {child.name: child for child in children}
    reference = by_name.get("transformers, one by one")
    others = [child for child in children if child.name.startswith(("engine", "OpenVINO", "llama"))]
    return await compare(reference, others, prompts.quality()) if reference else []
