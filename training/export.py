"""Writes what was trained as a checkpoint in SDXL's layout, half precision, in files under 16 MB."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import torch
from torch import nn

from training import autoencoder, crops, denoiser, guidance, latents, reading
from training.latents import load_latents, scale_of
from training.layout import model_index
from training.networks import build_scheduler
from training.pictures import Album
from training.presets import Preset
from training.sources import PACKAGES

SHARD = "15MB"
TRAINED = ("autoencoder", "reading", "denoiser", "guidance")


def export(work: Path, album: Album, preset: Preset, folder: Path) -> None:
    """Writes `folder`, which `StableDiffusionXLPipeline.from_pretrained` loads, from the state in `work`.

    `folder` also gets README.md, which says what it is and whose pictures it was trained on, and
    training.json, which says how.
    """
    prompts = reading.trained(work)
    vae = autoencoder.trained(work)
    vae.register_to_config(scaling_factor=scale_of(load_latents(work, preset.buckets)))
    parts = {
        "unet": denoiser.trained(work, "guidance"),
        "vae": vae,
        "text_encoder": prompts.first,
        "text_encoder_2": prompts.second,
    }
    for name, part in parts.items():
        nn.Module.to(part, torch.float16)
        part.save_pretrained(folder / name, max_shard_size=SHARD)
    build_scheduler().save_pretrained(folder / "scheduler")
    for name in ("tokenizer", "tokenizer_2"):  # those that the text encoders learned with
        shutil.copytree(work / "model" / name, folder / name, dirs_exist_ok=True)
    (folder / "model_index.json").write_text(json.dumps(model_index("AutoencoderTiny"), indent=2) + "\n")
    (folder / "training.json").write_text(json.dumps(_record(work, album, preset), indent=1) + "\n")
    (folder / "README.md").write_text(_card(album))


def _record(work: Path, album: Album, preset: Preset) -> dict[str, object]:
    """How it was trained: plan, seeds, loss curves, names."""
    return {
        "preset": asdict(preset),
        "seeds": {
            "autoencoder": crops.SEED,
            "reading": reading.SEED,
            "denoiser": latents.SEED,
            "guidance": guidance.SEED,
        },
        "torch": torch.__version__,
        "loss": {name: _curve(work / name / "log.jsonl") for name in TRAINED},
        "things": {thing.icon: list(thing.words) for thing in album.things},
    }


def _curve(log: Path) -> list[tuple[int, float]]:
    """About a hundred points: the step and the mean loss since the last one."""
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    each = -(-len(lines) // 100)
    groups = [lines[start : start + each] for start in range(0, len(lines), each)]
    return [(group[-1]["step"], round(sum(g["loss"] for g in group) / len(group), 5)) for group in groups]


def _card(album: Album) -> str:
    sets = "\n".join(f"| `{one.name}` | {one.version} | {one.licence} | {one.author} |" for one in PACKAGES)
    return _CARD.replace("{count}", str(len(album.things))).replace("{sets}", sets)


_CARD = """# picturebook-12m

A text-to-image model in SDXL's layout that is small enough for a laptop's processor: an autoencoder of
factor 32, a UNet with SDXL's conditioning on sizes, and two small CLIP text encoders, in half precision.
It knows {count} things by name, twelve colours, six shapes, three solids, seven landscapes at three times
of day, sunglasses and hats, and nine styles. It knows nothing else of the world: no people, no places, no
writing.

Made by `make train` of the repository that this folder is part of, from scenes rendered of these picture
sets; the names are those of Noto. They are icons; those chosen show no person.

| Package | Version | Licence | Pictures by |
|---|---|---|---|
{sets}

The weights are under the Apache License 2.0. `training.json` has the plan, the seeds, the loss curves and
the names.
"""
