"""How well frames hold together: 20 animations beside as many pictures of independent seeds.

    make run ARGS="--image-model DIR"          # in another terminal
    .venv/bin/python -m benchmarks.frames

For each prompt: the mean structural similarity of neighbouring frames (1: equal), and what is left
of their difference after the best shift of the whole picture, of 255 (0: a still that slides). The
contact sheet has a row a prompt: its frames, then the pictures of other seeds.
"""

import argparse
import io
from collections.abc import Sequence
from pathlib import Path

import grpc
import numpy as np
from PIL import Image
from tqdm import tqdm

from benchmarks.likeness import Picture, neighbours_residual, neighbours_ssim
from generation.v1 import generation_pb2 as pb
from generation.v1 import generation_pb2_grpc

THINGS = ("a spinning cube", "a cat wearing sunglasses", "a sunset over mountains", "a rocket", "a red ball")
PLACES = ("in the desert", "at night", "in the snow", "by the sea")
PROMPTS = [f"{thing} {place}" for thing in THINGS for place in PLACES]
OPTIONS = [("grpc.max_receive_message_length", 67108864)]
SHEET_ROWS = 6
THUMBNAIL = 72


class Studio:
    """Asks a running service for frames and for single pictures."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._stub = generation_pb2_grpc.GenerationStub(
            grpc.insecure_channel(options.address, options=OPTIONS)
        )

    def frames(self, prompt: str, motion: float | None) -> list[Picture]:
        """An animation."""
        options = self._options
        request = pb.GenerateFramesRequest(
            prompt=prompt,
            num_frames=options.frames,
            num_inference_steps=options.steps,
            width=options.size,
            height=options.size,
            seed=options.seed,
            motion=motion,
        )
        return [_decode(png) for png in self._stub.GenerateFrames(request).frames]

    def picture(self, prompt: str, seed: int) -> Picture:
        """A single picture."""
        options = self._options
        request = pb.GenerateImageRequest(
            prompt=prompt,
            num_inference_steps=options.steps,
            width=options.size,
            height=options.size,
            seed=seed,
        )
        return _decode(self._stub.GenerateImage(request).image_base64)


def _decode(png: bytes) -> Picture:
    return np.asarray(Image.open(io.BytesIO(png)))


def contact_sheet(rows: Sequence[Sequence[Picture]]) -> Image.Image:
    """Thumbnails of every row's pictures."""
    sheet = Image.new("RGB", (max(map(len, rows)) * THUMBNAIL, len(rows) * THUMBNAIL), "white")
    for down, row in enumerate(rows):
        for right, picture in enumerate(row):
            thumbnail = Image.fromarray(picture).resize((THUMBNAIL, THUMBNAIL))
            sheet.paste(thumbnail, (right * THUMBNAIL, down * THUMBNAIL))
    return sheet


def measure(options: argparse.Namespace) -> None:
    """Paints, prints the figures and writes the contact sheet."""
    studio = Studio(options)
    alike, left, apart, rows = [], [], [], []
    for prompt in tqdm(PROMPTS, desc="animations"):
        frames = studio.frames(prompt, options.motion)
        others = [studio.picture(prompt, options.seed + 1 + seed) for seed in range(options.frames)]
        alike.append(neighbours_ssim(frames))
        left.append(neighbours_residual(frames))
        apart.append(neighbours_ssim(others))
        rows.append([*frames, *others])
    moving = float(np.mean([value >= 2 for value in left]))
    print(f"{len(PROMPTS)} prompts, {options.frames} frames of {options.size} px, {options.steps} steps")
    print(f"SSIM of neighbours       mean {np.mean(alike):.3f}, lowest {min(alike):.3f}")
    print(f"  of independent seeds   mean {np.mean(apart):.3f}, highest {max(apart):.3f}")
    print(f"left after the best shift  median {np.median(left):.1f} of 255; at least 2 in {moving:.0%}")
    if options.sheet:
        contact_sheet(rows[:: len(rows) // SHEET_ROWS][:SHEET_ROWS]).quantize().save(
            options.sheet, optimize=True
        )
        print(f"contact sheet: {options.sheet}")


def main() -> None:
    """Reads the options and measures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--address", default="127.0.0.1:50051", help="the running service's gRPC address")
    parser.add_argument("--frames", type=int, default=5)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--size", type=int, default=256, help="width and height in pixels")
    parser.add_argument("--motion", type=float, help="unset: the service's default")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--sheet", type=Path, help="where the contact sheet goes, a PNG")
    measure(parser.parse_args())


if __name__ == "__main__":
    main()
