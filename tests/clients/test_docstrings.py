"""The examples in the docstrings give what they say, on the real service."""

from __future__ import annotations

import asyncio
import doctest
import importlib
import pkgutil
import sys

import generation_client
from generation_client import AsyncClient, Client

from tests.stack import Stack

NAMES = {"Client": Client, "AsyncClient": AsyncClient, "asyncio": asyncio}


def examples() -> dict[str, doctest.DocTest]:
    modules = [generation_client] + [
        importlib.import_module(found.name)
        for found in pkgutil.iter_modules(generation_client.__path__, "generation_client.")
        if not found.ispkg
    ]
    tests = [test for module in modules for test in doctest.DocTestFinder().find(module, globs=NAMES)]
    return {test.name: test for test in tests if test.examples}


def run(address: str) -> int:
    """Runs every example on the service at `address`; how many failed."""
    runner = doctest.DocTestRunner()
    for test in examples().values():
        for example in test.examples:
            example.source = example.source.replace("localhost:50051", address)
        runner.run(test)
    return runner.summarize().failed


def test_both_clients_and_both_streams_have_examples() -> None:
    named = {name.split(".", 2)[2] for name in examples() if name.count(".") > 1}
    assert {"Client.image", "AsyncClient", "Stream", "AsyncStream"} <= named


async def test_every_example_gives_what_it_says(stack: Stack) -> None:
    # A process of its own: some examples start an event loop, and grpc.aio wants one in each process.
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.clients.test_docstrings", stack.grpc_address, stdout=-1, stderr=-1
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, (output + errors).decode()


if __name__ == "__main__":
    sys.exit(run(sys.argv[1]))
