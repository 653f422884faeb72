"""How long a picture takes with the image model that comes with the service, through gRPC and REST.

    .venv/bin/python -m benchmarks.picturebook [CHECKPOINT]

Starts the real service and the real Envoy; 30 steps with guidance, medians of the rounds.
"""

import argparse
import asyncio
import io
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import grpc
import httpx
from PIL import Image
from tqdm import tqdm

from benchmarks.images.painters import OPTIONS, OverGrpc, OverRest
from benchmarks.images.product import running_product
from benchmarks.images.work import Painter, Work
from service.models.catalogue import PICTUREBOOK, folder_of

Size = tuple[int, int]

SIZES = ((256, 256), (512, 512), (768, 512), (1024, 1024), (1344, 768))
BOUNDS_S = {(256, 256): 3.0, (1024, 1024): 12.0}
PROMPT = "A cat wearing sunglasses"
STEPS, GUIDANCE = 30, 7.5


@dataclass(frozen=True, slots=True)
class Wish(Work):
    """An image of `size` x `height` pixels that the model knows."""

    height: int = 0

    def fields(self, seed: int) -> dict[str, str | int | float]:
        """The request's fields."""
        return Work.fields(self, seed) | {"prompt": PROMPT, "style": "realistic", "height": self.height}


async def measure(checkpoint: Path, rounds: int) -> dict[Size, tuple[float, float]]:
    """Median seconds by size, through gRPC and through REST."""
    found: dict[Size, tuple[list[float], list[float]]] = {size: ([], []) for size in SIZES}
    with tempfile.TemporaryDirectory(prefix="picturebook-") as folder:
        async with (
            running_product(Path(folder), checkpoint) as product,
            grpc.aio.insecure_channel(product.grpc_address, OPTIONS) as channel,
            httpx.AsyncClient(base_url=product.rest_url, trust_env=False) as client,
        ):
            ways: tuple[Painter, ...] = (OverGrpc(channel), OverRest(client))
            await ways[0].paint(Wish(256, STEPS, GUIDANCE, 256), seed=0)  # the first one warms up
            for size in tqdm([*SIZES] * rounds, unit="size"):
                wish = Wish(size[0], STEPS, GUIDANCE, size[1])
                for way, seconds in zip(ways, found[size], strict=True):
                    began = time.perf_counter()
                    picture = await way.paint(wish, seed=1)
                    seconds.append(time.perf_counter() - began)
                    assert Image.open(io.BytesIO(picture)).size == size
    return {size: (statistics.median(grpc), statistics.median(rest)) for size, (grpc, rest) in found.items()}


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.picturebook", description=__doc__)
    parser.add_argument("checkpoint", type=Path, nargs="?", default=folder_of(PICTUREBOOK.name, Path()))
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print("| Size | gRPC | REST | Bound |\n|---|---|---|---|")
    for size, (direct, rest) in asyncio.run(measure(options.checkpoint, options.rounds)).items():
        bound = f"{BOUNDS_S[size]:.0f} s" if size in BOUNDS_S else ""
        print(f"| {size[0]} x {size[1]} | {direct:.2f} s | {rest:.2f} s | {bound} |")


if __name__ == "__main__":
    main()
