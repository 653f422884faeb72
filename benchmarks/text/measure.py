"""Measures the parts that were asked for, with the engines that run."""

import argparse
from collections.abc import Sequence
from contextlib import AsyncExitStack
from itertools import chain
from pathlib import Path

from benchmarks.images.product import Product
from benchmarks.text.cells import ALONE
from benchmarks.text.clients import OverRest, over_grpc
from benchmarks.text.contestants import Child, Contestant, Entry
from benchmarks.text.document import Findings
from benchmarks.text.machine import Held, Limits, engine_of, held
from benchmarks.text.prompts import RUNNING, Prompts
from benchmarks.text.quality import Quality, compare
from benchmarks.text.rounds import Rounds

TIMES_ADDED = 3  # as many rounds of what the service adds, which is little


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
        rounds = Rounds(prompts)
        mine = [entry for entry in entries if entry.name == ALONE]
        children = await _start(stack, mine, log_folder, failed)
        await rounds.run(rounds.joined_by([*clients, *children]))
        added = []
        if "added" in options.only:  # before any peer is loaded
            added = await rounds.run(rounds.at_once(TIMES_ADDED * options.rounds, [RUNNING]))
        peers = await _start(stack, [entry for entry in entries if entry not in mine], log_folder, failed)
        await rounds.run(rounds.joined_by(peers))
        children += peers
        parts = {
            "at-once": rounds.at_once(options.rounds, options.requests),
            "joining": rounds.joining(options.rounds),
            "contexts": rounds.contexts(),
        }
        results = await rounds.run(chain.from_iterable(parts[part] for part in parts if part in options.only))
        memory = _memory(product, children)  # before a second copy of weights is loaded for what follows
        quality = await _quality(children, prompts) if "quality" in options.only else []
    return Findings(results, limits, memory, quality, failed | rounds.failed, added=added)


async def _start(
    stack: AsyncExitStack, entries: Sequence[Entry], log_folder: Path, failed: dict[str, str]
) -> list[Child]:
    children = []
    for entry in entries:
        try:
            children.append(await stack.enter_async_context(entry.running(log_folder)))
        except RuntimeError as error:
            failed[entry.name] = f"{error}: see {log_folder}"
            print(f"{entry.name} does not take part: {failed[entry.name]}")
    return children


def _memory(product: Product, children: Sequence[Child]) -> list[Held]:
    engine = held("the service's text engine", engine_of(product.pid))
    return [held("service", product.pid), engine, *(held(child.name, child.pid) for child in children)]


async def _quality(children: Sequence[Child], prompts: Prompts) -> list[Quality]:
    """Of the children that can tell their scores, against transformers."""
    by_name = {child.name: child for child in children}
    reference = by_name.get("transformers, one by one")
    others = [child for child in children if child.name.startswith(("engine", "OpenVINO", "llama"))]
    return await compare(reference, others, prompts.quality()) if reference else []
