"""Writes what was trained as a checkpoint in SDXL's layout, half precision, in files under 16 MB."""

import json
from pathlib import Path

import torch
from torch import nn

from training import autoencoder, denoiser
from training.latents import Bucket, load_latents
from training.networks import build_scheduler
from training.pictures import Album
from training.tokenizer import write_tokenizers

SHARD = "15MB"


def export(work: Path, album: Album, buckets: tuple[Bucket, ...], folder: Path) -> None:
    """Writes `folder`, which `StableDiffusionXLPipeline.from_pretrained` loads, from the state in `work`."""
    model = denoiser.trained(work)
    vae = autoencoder.trained(work)
    vae.register_to_config(scaling_factor=denoiser.scale_of(load_latents(work, buckets)))
    parts = {
        "unet": model.unet,
        "vae": vae,
        "text_encoder": model.prompts.first,
        "text_encoder_2": model.prompts.second,
    }
    for name, part in parts.items():
        nn.Module.to(part, torch.float16)
        part.save_pretrained(folder / name, max_shard_size=SHARD)
    build_scheduler().save_pretrained(folder / "scheduler")
    write_tokenizers(folder, album)
    (folder / "model_index.json").write_text(json.dumps(_INDEX, indent=2) + "\n")


_INDEX = {
    "_class_name": "StableDiffusionXLPipeline",
    "_diffusers_version": "0.19.0",
    "force_zeros_for_empty_prompt": True,
    "add_watermarker": None,
    "scheduler": ["diffusers", "EulerDiscreteScheduler"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "tokenizer_2": ["transformers", "CLIPTokenizer"],
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderTiny"],
}
