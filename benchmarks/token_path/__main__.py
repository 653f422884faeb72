"""CPU seconds for 1,000 tokens, in the service and in an engine whose steps cost nothing.

    .venv/bin/python -m benchmarks.token_path --streams 16 --step-ms 8

Starts a service of its own. Its text engine writes a token for every stream each step and waits for
the rest of the step's time, so that what the engine's process takes is scheduler, worker and pipe.
CPU time and not wall time is told: other work on the machine changes it little.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
from pathlib import Path

import psutil

from benchmarks import token_path
from benchmarks.token_path.pipeline import STEP_SECONDS
from generation.v1 import generation_pb2 as pb
from generation.v1 import generation_pb2_grpc
from tests.stack import Service, running_service


async def read(service: Service, streams: int, tokens: int) -> tuple[int, int, float]:
    """Reads so many streams at once; returns the tokens, the messages and the seconds that they took."""
    asked = pb.GenerateTextRequest(prompt="Tell me a story.", max_tokens=tokens)
    async with service.channel() as channel:
        stub = generation_pb2_grpc.GenerationStub(channel)

        async def ask() -> tuple[int, int]:
            messages = [message async for message in stub.StreamText(asked)]
            return messages[-1].completion_tokens, len(messages)

        began = asyncio.get_running_loop().time()
        counts = await asyncio.gather(*(ask() for _ in range(streams)))
        seconds = asyncio.get_running_loop().time() - began
    written, messages = map(sum, zip(*counts, strict=True))
    return written, messages, seconds


def cpu_seconds(pid: int) -> float:
    """What a process has taken so far, its children left out."""
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


async def measure(options: argparse.Namespace) -> None:
    """Runs the rounds and prints a line for each, and the medians."""
    os.environ[STEP_SECONDS] = str(options.step_ms / 1000)
    folder = Path(token_path.__file__).parent
    os.environ["PYTHONPATH"] = os.pathsep.join(str(path) for path in (Path.cwd(), folder))
    with tempfile.TemporaryDirectory() as logs:
        log = Path(logs) / "service.log"
        async with running_service(log, max_running=options.streams) as service:
            await read(service, options.streams, 50)
            rows = []
            for _ in range(options.rounds):
                pids = [service.process.pid, *service.engine_pids()]
                before = [cpu_seconds(pid) for pid in pids]
                written, messages, seconds = await read(service, options.streams, options.tokens)
                spent = [cpu_seconds(pid) - took for pid, took in zip(pids, before, strict=True)]
                rows.append([took * 1000 / written for took in spent])
                print(
                    f"{written / seconds:6.0f} tokens/s, {messages / written:.2f} messages a token, "
                    "CPU seconds for 1,000 tokens: "
                    f"service {rows[-1][0]:.4f}, engine {rows[-1][1]:.4f}",
                    flush=True,
                )
            medians = [statistics.median(column) for column in zip(*rows, strict=True)]
            held = psutil.Process(service.process.pid).memory_full_info()
            print(f"medians: service {medians[0]:.4f}, engine {medians[1]:.4f}")
            print(
                f"service holds {held.rss / 2**20:.0f} MiB resident, {held.pss / 2**20:.0f} MiB in proportion"
            )


def main() -> None:
    """Reads the options and measures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--streams", type=int, default=16)
    parser.add_argument("--step-ms", type=float, default=8.0)
    parser.add_argument("--tokens", type=int, default=500, help="of each answer")
    parser.add_argument("--rounds", type=int, default=5)
    asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
