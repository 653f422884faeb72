"""What training writes is a checkpoint that the stock pipeline and the service load."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import StableDiffusionXLPipeline

from service.models.check import check_folder
from training import autoencoder, denoiser, guidance, reading
from training.components import CHANNELS, find_components
from training.crops import make_crops
from training.export import export
from training.latents import Bucket, make_latents
from training.loop import Plan
from training.networks import Prompts
from training.pictures import Album
from training.presets import Preset
from training.sources import PACKAGES
from training.tokenizer import write_tokenizers
from training.vocabulary import BY_NAME

CPU = torch.device("cpu")
STEPS = Plan(steps=3, rate=1e-3, warmup=1, save_every=3)
PRESET = Preset(
    every_name=False,
    crops=16,
    autoencoder=STEPS,
    reading=STEPS,
    buckets=(Bucket((128, 128), 200, batch=2, share=0.05), Bucket((192, 128), 200, batch=2, share=0.05)),
    denoiser=STEPS,
    guidance=STEPS,
)


class Shapes(Album):
    """An album without things, so that nothing is fetched."""

    def draw(self, seed: int, number: int, size: tuple[int, int]) -> np.ndarray:
        """Noise."""
        return np.random.default_rng((seed, number)).integers(0, 256, (size[1], size[0], 3), np.uint8)

    def draw_edit(self, seed: int, number: int, size: tuple[int, int]) -> np.ndarray:
        """Noise, twice."""
        return np.stack([self.draw(seed, number, size), self.draw(seed + 1, number, size)])


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    work, folder = tmp_path_factory.mktemp("work"), tmp_path_factory.mktemp("checkpoint")
    album = Shapes((BY_NAME["cat"], BY_NAME["dog"]), work)
    crops = make_crops(work, album, PRESET.crops)
    components = find_components(work, crops)
    autoencoder.train_autoencoder(work, crops, components, STEPS, CPU)
    make_latents(work, album, PRESET.buckets, components)
    write_tokenizers(work / "model", album)
    reading.train_reading(work, album, PRESET.buckets[0], PRESET.reading, CPU)
    denoiser.train_denoiser(work, album, PRESET.buckets, STEPS, CPU)
    guidance.train_guidance(work, album, PRESET.buckets, STEPS, CPU)
    export(work, album, PRESET, folder)
    return folder


def test_the_service_accepts_it(checkpoint: Path) -> None:
    assert check_folder(checkpoint) == "image"


def test_it_says_how_it_was_trained_and_on_whose_pictures(checkpoint: Path) -> None:
    record = json.loads((checkpoint / "training.json").read_text())
    assert record["things"]["cat-face"] == ["cat", "kitten", "kitty"]
    assert record["preset"]["denoiser"]["steps"] == 3
    card = (checkpoint / "README.md").read_text()
    assert all(package.name in card and package.licence in card for package in PACKAGES)


def test_it_is_small_in_files_that_are_small(checkpoint: Path) -> None:
    sizes = [path.stat().st_size for path in checkpoint.rglob("*.safetensors")]
    assert sum(sizes) <= 24_000_000
    assert max(sizes) <= 16_000_000


def test_the_stock_pipeline_paints_with_it(checkpoint: Path) -> None:
    pipeline = StableDiffusionXLPipeline.from_pretrained(checkpoint, torch_dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    asked = {"width": 96, "height": 64, "num_inference_steps": 2, "output_type": "np"}
    first, second = (
        pipeline("a cat", generator=torch.Generator().manual_seed(seed), **asked).images[0] for seed in (1, 2)
    )
    assert first.shape == (64, 96, 3)
    assert np.isfinite(first).all()
    assert np.abs(first - second).mean() > 0.001


def test_the_pipeline_reads_prompts_as_training_did(checkpoint: Path) -> None:
    pipeline = StableDiffusionXLPipeline.from_pretrained(checkpoint, torch_dtype=torch.float32)
    prompts = Prompts(checkpoint)
    prompts.first = pipeline.text_encoder
    prompts.second = pipeline.text_encoder_2
    words = "a cat on a red background"
    with torch.no_grad():
        tokens, pooled = prompts([words])
        expected = pipeline.encode_prompt(words, device=CPU, do_classifier_free_guidance=False)
    torch.testing.assert_close(tokens, expected[0])
    torch.testing.assert_close(pooled, expected[2])


def test_noisy_latents_are_what_the_scheduler_makes_of_them(checkpoint: Path) -> None:
    """At every time, the picture that a velocity implies is the one that went in."""
    scheduler = StableDiffusionXLPipeline.from_pretrained(checkpoint).scheduler
    scheduler.set_timesteps(1000)
    random = torch.Generator().manual_seed(1)
    clean, noise = torch.randn(2, 1, CHANNELS, 2, 2, generator=random)
    for index in (1, 300, 999):
        time = scheduler.timesteps[index]
        kept = scheduler.alphas_cumprod[int(time)]
        noisy = kept.sqrt() * clean + (1 - kept).sqrt() * noise
        velocity = kept.sqrt() * noise - (1 - kept).sqrt() * clean
        sample = noisy * (scheduler.sigmas[index] ** 2 + 1).sqrt()
        scheduler._step_index = index
        implied = scheduler.step(velocity, time, sample).pred_original_sample
        torch.testing.assert_close(implied, clean, atol=2e-3, rtol=2e-3)
