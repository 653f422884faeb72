"""What concurrency gains: 16 requests at once against the same 16 one after another.

    make run                                   # in another terminal
    .venv/bin/python -m benchmarks.concurrency

Both ways run in turn, several rounds in one run, and the medians are compared. Beside them stands
the machine's bound: the model's linear layers alone (its shapes, random float32 weights), at 1 and
at 16 rows a step. What the service reaches of that bound is attention, sampling and everything else.
"""

import argparse
import asyncio
import json
import statistics
import time
from pathlib import Path

import grpc
import torch
from torch import Tensor

from generation.v1 import generation_pb2 as pb
from generation.v1 import generation_pb2_grpc

PROMPT = "Tell me a very long story."


async def one_round(address: str, requests: int, tokens: int) -> tuple[float, float]:
    """Tokens a second one after another and at once."""
    async with grpc.aio.insecure_channel(address) as channel:
        stub = generation_pb2_grpc.GenerationStub(channel)

        async def ask(seed: int) -> int:
            asked = pb.GenerateTextRequest(prompt=PROMPT, max_tokens=tokens, seed=seed, temperature=0.7)
            return (await stub.GenerateText(asked)).completion_tokens

        began = time.perf_counter()
        written = sum([await ask(seed) for seed in range(requests)])
        in_turn = written / (time.perf_counter() - began)
        began = time.perf_counter()
        written = sum(await asyncio.gather(*map(ask, range(requests))))
        return in_turn, written / (time.perf_counter() - began)


class Linears:
    """The linear layers of a Llama-shaped model, with random weights."""

    def __init__(self, folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        hidden, inner = config["hidden_size"], config["intermediate_size"]
        head = config.get("head_dim") or hidden // config["num_attention_heads"]
        kv = config["num_key_value_heads"] * head
        shapes = [(hidden, hidden), (kv, hidden), (kv, hidden), (hidden, hidden)]
        shapes += [(inner, hidden), (inner, hidden), (hidden, inner)]
        self._weights = [torch.randn(shape) for _ in range(config["num_hidden_layers"]) for shape in shapes]
        self._weights.append(torch.randn(config["vocab_size"], hidden))

    def tokens_a_second(self, rows: int, rounds: int = 7) -> float:
        """The best of several rounds: a bound is what the machine can do when it is left alone."""
        inputs = {weight.shape[1]: torch.randn(rows, weight.shape[1]) for weight in self._weights}
        return max(rows / self._seconds(inputs) for _ in range(rounds))

    def _seconds(self, inputs: dict[int, Tensor]) -> float:
        began = time.perf_counter()
        for weight in self._weights:
            torch.nn.functional.linear(inputs[weight.shape[1]], weight)
        return time.perf_counter() - began


async def measure(options: argparse.Namespace) -> None:
    """Runs the rounds and prints the table."""
    rounds = [
        await one_round(options.address, options.requests, options.tokens) for _ in range(options.rounds)
    ]
    in_turn, at_once = (statistics.median(column) for column in zip(*rounds, strict=True))
    linears = Linears(options.model)
    bound_1, bound_n = linears.tokens_a_second(1), linears.tokens_a_second(options.requests)
    n = options.requests
    print(
        f"{options.rounds} rounds, {n} requests of {options.tokens} tokens, {torch.get_num_threads()} threads"
    )
    print("tokens a second          one after another   at once   ratio")
    print(f"service (gRPC)           {in_turn:17.1f}   {at_once:7.1f}   {at_once / in_turn:5.2f}")
    print(f"linear layers alone      {bound_1:17.1f}   {bound_n:7.1f}   {bound_n / bound_1:5.2f}")
    print(f"share of the bound       {in_turn / bound_1:17.0%}   {at_once / bound_n:7.0%}")


def main() -> None:
    """Reads the options and measures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--address", default="127.0.0.1:50051", help="the running service's gRPC address")
    parser.add_argument(
        "--model", type=Path, default=Path("models/smollm2-135m-instruct"), help="its weights"
    )
    parser.add_argument("--requests", type=int, default=16)
    parser.add_argument("--tokens", type=int, default=48, help="tokens a request")
    parser.add_argument("--rounds", type=int, default=5)
    with torch.inference_mode():
        asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
