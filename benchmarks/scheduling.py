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


async def one_round(paint: Paint, steps: int) -> Round:
    """Seconds of each way of asking."""
    short, long = await seconds(paint(SHORT)), await seconds(paint(LONG))
    short_beside, long_beside = await beside(paint, long / 4)
    in_turn, at_once = [], []
    began = time.perf_counter()
    for _ in range(EQUAL):
        await paint(steps)
        in_turn.append(time.perf_counter() - began)
    at_once = await asyncio.gather(*(seconds(paint(steps)) for _ in range(EQUAL)))
    return {
        "short": short,
        "long": long,
        "short beside": short_beside,
        "long beside": long_beside,
        "p50 in turn": statistics.median(in_turn),
        "p50 at once": statistics.median(at_once),
        "total in turn": in_turn[-1],
        "total at once": max(at_once),
    }


def report(rounds: list[Round]) -> None:
    """Prints the medians and what they come to."""
    found = {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}
    step = found["long"] / LONG
    allowed = 1.5 * found["short"] + step
    print(
        f"{SHORT} steps alone {found['short']:.2f} s, beside {LONG} steps {found['short beside']:.2f} s",
        end="",
    )
    print(f": {found['short beside'] / allowed:.2f} of 1.5 times its time alone plus one step")
    together = found["short"] + found["long"]
    print(
        f"{LONG} steps alone {found['long']:.2f} s, beside {SHORT} steps {found['long beside']:.2f} s", end=""
    )
    print(f": {found['long beside'] / together:.2f} times the sum")
    for figure in ("p50", "total"):
        turn, once = found[f"{figure} in turn"], found[f"{figure} at once"]
        print(f"{EQUAL} equal requests, {figure}: in turn {turn:.2f} s, at once {once:.2f} s", end="")
        print(f": {once / turn:.2f} times")


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
        report([await one_round(paint, options.steps) for _ in tqdm(range(options.rounds), desc="rounds")])


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
