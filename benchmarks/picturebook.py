"""How long a picture takes with the image model that comes with the service, through gRPC and REST.

    .venv/bin/python -m benchmarks.picturebook [CHECKPOINT]

Starts the real service and the real Envoy; 30 steps with guidance, medians of the rounds.
"""

import argparse
import asyncio
import base64
import io
import statistics
import tempfile
import time
from pathlib import Path

import grpc
import httpx
from google.protobuf import json_format
from PIL import Image
from tqdm import tqdm

from benchmarks.images.product import Product, running_product
from generation.v1 import generation_pb2 as pb
from generation.v1 import generation_pb2_grpc
from service.models.catalogue import PICTUREBOOK, folder_of

Size = tuple[int, int]

OPTIONS = [("grpc.max_receive_message_length", 1 << 26)]
SIZES = ((256, 256), (512, 512), (768, 512), (1024, 1024), (1344, 768))
BOUNDS_S = {(256, 256): 3.0, (1024, 1024): 12.0}
PROMPT = "A cat wearing sunglasses"
STEPS, GUIDANCE = 30, 7.5


def wish(size: Size) -> dict[str, object]:
    """The fields of a request."""
    asked = {"prompt": PROMPT, "seed": 1, "num_inference_steps": STEPS, "guidance_scale": GUIDANCE}
    return asked | {"width": size[0], "height": size[1]}


async def through_grpc(product: Product, size: Size) -> bytes:
    """The picture's file."""
    async with grpc.aio.insecure_channel(product.grpc_address, OPTIONS) as channel:
        request = json_format.ParseDict(wish(size), pb.GenerateImageRequest())
        answer = await generation_pb2_grpc.GenerationStub(channel).GenerateImage(request)
    return answer.image_base64


async def through_rest(product: Product, size: Size) -> bytes:
    """The same."""
    async with httpx.AsyncClient(timeout=600) as client:
        answer = await client.post(f"{product.rest_url}/image/generate", json=wish(size))
    return base64.b64decode(answer.raise_for_status().json()["image_base64"])


async def measure(checkpoint: Path, rounds: int) -> dict[Size, tuple[float, float]]:
    """Median seconds by size, through gRPC and through REST."""
    found: dict[Size, tuple[list[float], list[float]]] = {size: ([], []) for size in SIZES}
    with tempfile.TemporaryDirectory(prefix="picturebook-") as folder:
        async with running_product(Path(folder), checkpoint) as product:
            await through_grpc(product, SIZES[0])  # the first one warms up
            for size in tqdm([*SIZES] * rounds, unit="size"):
                for way, seconds in zip((through_grpc, through_rest), found[size], strict=True):
                    began = time.perf_counter()
                    picture = await way(product, size)
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
