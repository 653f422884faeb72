"""What sharing the machine costs each request: short beside long, and eight at once.

    make run ARGS="--image-model DIR"          # in another terminal
    .venv/bin/python -m benchmarks.scheduling

Each round measures everything once, one after another, so that a noisy moment meets all alike; the
medians of the rounds are compared.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable

import grpc
from tqdm import tqdm

from generation.v1 import generation_pb2 as pb
from generation.v1 import generation_pb2_grpc

SHORT, LONG, EQUAL = 4, 50, 8
OPTIONS = [("grpc.max_receive_message_length", 67108864)]
Paint = Callable[[int], Awaitable[None]]
Round = dict[str, float]


async def seconds(work: Awaitable[object]) -> float:
    """How long something takes."""
    began = time.perf_counter()
    await work
    return time.perf_counter() - began


async def beside(paint: Paint, late_s: float) -> tuple[float, float]:
    """Seconds of a short request that comes `late_s` after a long one, and of the long one."""
    long = asyncio.create_task(seconds(paint(LONG)))
    await asyncio.sleep(late_s)
    short = await seconds(paint(SHORT))
    return short, await long


async def in_turn(paint: Paint, steps: int) -> list[float]:
    """Seconds after which each of the equal requests is complete, one after another."""
    began, done = time.perf_counter(), []
    for _ in range(EQUAL):
        await paint(steps)
        done.append(time.perf_counter() - began)
    return done


async def at_once(paint: Paint, steps: int) -> list[float]:
    """The same, sent all at once."""
    return list(await asyncio.gather(*(seconds(paint(steps)) for _ in range(EQUAL))))


async def one_round(paint: Paint, steps: int, turn: int) -> Round:
    """Seconds of each way of asking; the ways to eight change places from round to round."""
    short, long = await seconds(paint(SHORT)), await seconds(paint(LONG))
    short_beside, long_beside = await beside(paint, long / 4)
    ways = {"in turn": in_turn, "at once": at_once}
    eight = {name: await ways[name](paint, steps) for name in sorted(ways, reverse=bool(turn % 2))}
    return {
        "short": short,
        "long": long,
        "short beside": short_beside,
        "long beside": long_beside,
        **{f"p50 {name}": statistics.median(done) for name, done in eight.items()},
        **{f"total {name}": max(done) for name, done in eight.items()},
    }


def report(rounds: list[Round]) -> None:
    """Prints the medians, and those of the rounds' own ratios."""
    found = {name: statistics.median(it[name] for it in rounds) for name in rounds[0]}
    allowed = statistics.median(it["short beside"] / (1.5 * it["short"] + it["long"] / LONG) for it in rounds)
    print(
        f"{SHORT} steps alone {found['short']:.2f} s, beside {LONG} steps {found['short beside']:.2f} s",
        end="",
    )
    print(f": {allowed:.2f} of 1.5 times its time alone plus one step")
    together = statistics.median(it["long beside"] / (it["short"] + it["long"]) for it in rounds)
    print(
        f"{LONG} steps alone {found['long']:.2f} s, beside {SHORT} steps {found['long beside']:.2f} s", end=""
    )
    print(f": {together:.2f} times the sum")
    for figure in ("p50", "total"):
        turn, once = f"{figure} in turn", f"{figure} at once"
        times = statistics.median(it[once] / it[turn] for it in rounds)
        print(f"{EQUAL} equal requests, {turn} {found[turn]:.2f} s, at once {found[once]:.2f} s", end="")
        print(f": {times:.2f} times")


async def measure(options: argparse.Namespace) -> None:
    """Runs the rounds."""
    async with grpc.aio.insecure_channel(options.address, options=OPTIONS) as channel:
        stub = generation_pb2_grpc.GenerationStub(channel)

        async def paint(steps: int) -> None:
            size = {"width": options.size, "height": options.size}
            await stub.GenerateImage(
                pb.GenerateImageRequest(prompt="a cat", num_inference_steps=steps, seed=1, **size)
            )

        await paint(SHORT)
        turns = tqdm(range(options.rounds), desc="rounds")
        report([await one_round(paint, options.steps, turn) for turn in turns])


def main() -> None:
    """Reads the options and measures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--address", default="127.0.0.1:50051", help="the running service's gRPC address")
    parser.add_argument("--size", type=int, default=512, help="width and height in pixels")
    parser.add_argument("--steps", type=int, default=10, help="of the equal requests")
    parser.add_argument("--rounds", type=int, default=5)
    asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
