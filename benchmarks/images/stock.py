"""Stock diffusers as a child process: a line of JSON in, the size and the bytes of a PNG file out.

python -m benchmarks.images.stock DIR [--device cuda] [--dtype bfloat16] [--threads 2]
"""

import argparse
import json
import os
import sys
from pathlib import Path

import torch
from diffusers import StableDiffusionXLPipeline

from benchmarks.images.work import PROMPT, Work
from service.engine.events import Pixels
from service.pictures import encode_png


def load(folder: Path, device: str, dtype: str) -> StableDiffusionXLPipeline:
    """As its documentation says to."""
    half = (folder / "unet" / "diffusion_pytorch_model.fp16.safetensors").exists()
    pipe = StableDiffusionXLPipeline.from_pretrained(
        folder, use_safetensors=True, variant="fp16" if half else None, dtype=getattr(torch, dtype)
    ).to(device)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def paint(pipe: StableDiffusionXLPipeline, work: Work, seed: int) -> bytes:
    """A PNG file, packed as the service packs it."""
    image = pipe(
        PROMPT,
        num_inference_steps=work.steps,
        guidance_scale=work.guidance,
        width=work.size,
        height=work.size,
        generator=torch.Generator().manual_seed(seed),
    ).images[0]
    return encode_png(Pixels(image.width, image.height, image.tobytes()))


def main() -> None:
    """Answers requests until there are no more."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--threads", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(options.threads or os.cpu_count() or 1)
    pipe = load(options.folder, options.device, options.dtype)
    for line in sys.stdin:
        work, seed = json.loads(line)
        file = paint(pipe, Work(**work), seed)
        sys.stdout.buffer.write(b"%d\n" % len(file) + file)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
