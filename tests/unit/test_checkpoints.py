"""The made-up checkpoints are what they say: SDXL's layout, loaded and painted with by stock diffusers."""

from pathlib import Path
from typing import Literal

import pytest
import torch
from diffusers import StableDiffusionXLPipeline
from torch import Tensor

from benchmarks.checkpoints import write_checkpoint
from benchmarks.checkpoints.models import builders

# Of SDXL base 1.0's own files.
PARAMETERS = {
    "text_encoder": 123_060_480,
    "text_encoder_2": 694_659_840,
    "unet": 2_567_463_684,
    "vae": 83_653_863,
}


def load(folder: Path) -> StableDiffusionXLPipeline:
    pipe = StableDiffusionXLPipeline.from_pretrained(folder, use_safetensors=True)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def paint(pipe: StableDiffusionXLPipeline, prompt: str, seed: int, output_type: str = "np") -> Tensor:
    """An image [height, width, RGB] from 0 to 1, or its latents [channels, 16, 16]."""
    side = 16 * pipe.vae_scale_factor
    generator = torch.Generator().manual_seed(seed)
    painted = pipe(
        prompt,
        num_inference_steps=8,
        guidance_scale=5,
        width=side,
        height=side,
        generator=generator,
        output_type=output_type,
    )
    return torch.as_tensor(painted.images[0])


@pytest.mark.parametrize(("autoencoder", "stages"), [("kl", 3), ("tiny", 2), ("deep", 3)])
def test_the_stock_pipeline_paints_with_a_tiny_checkpoint(
    tmp_path: Path, autoencoder: Literal["kl", "tiny", "deep"], stages: Literal[2, 3]
) -> None:
    write_checkpoint(tmp_path, autoencoder=autoencoder, stages=stages)
    pipe = load(tmp_path)
    one, other, prompted = (paint(pipe, *of) for of in (("a cat", 1), ("a cat", 2), ("the night sea", 1)))
    assert 0.05 < one.std() < 0.3
    assert ((one == 0) | (one == 1)).float().mean() < 0.05, "hardly anything is clipped"
    assert (one - other).abs().mean() > 0.02, "a seed shows"
    assert (one - prompted).abs().mean() > 0.02, "a prompt shows"
    assert 1 < paint(pipe, "a cat", 1, "latent").std() < 6


def test_the_tokenizers_are_padded_as_those_of_sdxl(tmp_path: Path) -> None:
    write_checkpoint(tmp_path)
    pipe = load(tmp_path)
    first, second = (
        tokenizer("a cat", padding="max_length").input_ids for tokenizer in (pipe.tokenizer, pipe.tokenizer_2)
    )
    start, end = pipe.tokenizer.bos_token_id, pipe.tokenizer.eos_token_id
    assert len(first) == len(second) == 77
    assert first[0] == second[0] == start
    assert end == max(first), "the pooled row is that of the highest id"
    assert first[-1] == end
    assert second[-1] == 0 == pipe.tokenizer_2.convert_tokens_to_ids("!")


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("one", 0), ("same", 0), ("other", 1)):
        write_checkpoint(tmp_path / name, seed=seed)
    one, same, other = (
        (tmp_path / name / "unet" / "diffusion_pytorch_model.safetensors").read_bytes()
        for name in ("one", "same", "other")
    )
    assert one == same
    assert one != other


def test_float16_is_a_variant(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, dtype=torch.float16)
    pipe = StableDiffusionXLPipeline.from_pretrained(
        tmp_path, use_safetensors=True, variant="fp16", dtype=torch.float16
    )
    pipe.set_progress_bar_config(disable=True)
    assert torch.isfinite(paint(pipe, "a cat", 1)).all()


@pytest.mark.parametrize("name", PARAMETERS)
def test_the_full_size_has_the_dimensions_of_sdxl(name: str) -> None:
    with torch.device("meta"):
        model = builders("full", "kl", 3)[name]()
    assert sum(parameter.numel() for parameter in model.parameters()) == PARAMETERS[name]
