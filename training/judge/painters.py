"""What makes the pictures: a checkpoint in the stock pipeline, or, to test the judge, training's scenes."""

from pathlib import Path

import numpy as np
import torch
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import StableDiffusionXLPipeline
from PIL import Image
from tqdm import tqdm

from service.styles import DEFAULT_STYLE, STYLES, apply
from training.drawing import draw
from training.judge.request import Painter, Request
from training.scenes import random_scene
from training.sprites import Sprites
from training.treatments import TREATMENTS
from training.vocabulary import THINGS

BATCH = 8
STEPS, GUIDANCE = 30, 7.5


def load(folder: Path) -> StableDiffusionXLPipeline:
    """The stock pipeline on a checkpoint."""
    pipe = StableDiffusionXLPipeline.from_pretrained(folder, dtype=torch.float32, use_safetensors=True)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def from_folder(folder: Path, steps: int = STEPS) -> Painter:
    """A painter that runs a checkpoint in SDXL's layout on the CPU, in single precision."""
    pipe = load(folder)

    def paint(requests: list[Request]) -> list[Image.Image]:
        pictures: dict[int, Image.Image] = {}
        with tqdm(total=len(requests), desc=folder.name, unit="picture") as bar:
            for numbers in _batches(requests):
                made = _run(pipe, [requests[n] for n in numbers], steps)
                pictures.update(zip(numbers, made, strict=True))
                bar.update(len(numbers))
        return [pictures[n] for n in range(len(requests))]

    return paint


def from_scenes(sprites: Sprites) -> Painter:
    """A painter of true pictures: what the requests mean, or anything where that is not known."""

    def paint(requests: list[Request]) -> list[Image.Image]:
        return [_true(request, sprites) for request in requests]

    return paint


def _batches(requests: list[Request]) -> list[list[int]]:
    """The requests' numbers, those of one size together."""
    by_size: dict[tuple[int, int], list[int]] = {}
    for number, request in enumerate(requests):
        by_size.setdefault((request.width, request.height), []).append(number)
    return [group[at : at + BATCH] for group in by_size.values() for at in range(0, len(group), BATCH)]


def _run(pipe: StableDiffusionXLPipeline, requests: list[Request], steps: int) -> list[Image.Image]:
    """All of one size. Each row has its own noise, so that the company does not change a picture."""
    said = [apply(STYLES[request.style], request.prompt, "") for request in requests]
    made = pipe(
        prompt=[prompt for prompt, _ in said],
        negative_prompt=[negative for _, negative in said],
        width=requests[0].width,
        height=requests[0].height,
        num_inference_steps=steps,
        guidance_scale=GUIDANCE,
        generator=[torch.Generator().manual_seed(request.seed) for request in requests],
    )
    return list(made.images)


def _true(request: Request, sprites: Sprites) -> Image.Image:
    random = np.random.default_rng((request.seed, 77))
    scene = request.truth or random_scene(THINGS, random)
    style = request.style if request.style in TREATMENTS else DEFAULT_STYLE
    return draw(scene, style, (request.width, request.height), sprites, random)
