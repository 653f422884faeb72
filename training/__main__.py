"""Trains the small image model: python -m training [STEP ...]; `make train` runs every step."""

import argparse
from pathlib import Path

import torch

from training.autoencoder import train_autoencoder
from training.components import find_components
from training.crops import make_crops
from training.denoiser import train_denoiser
from training.export import export
from training.guidance import train_guidance
from training.latents import make_latents
from training.pictures import Album
from training.presets import PRESETS, Preset
from training.reading import train_reading
from training.sprites import Sprites
from training.tokenizer import write_tokenizers
from training.vocabulary import THINGS, every_thing

STEPS = ("autoencoder", "latents", "reading", "denoiser", "guidance", "export")
OUTPUT = Path("build/picturebook")


def main() -> None:
    """Every step goes on from where it was stopped."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("steps", nargs="*", metavar="STEP", help=f"of {', '.join(STEPS)}; all unless given")
    parser.add_argument("--work", type=Path, default=Path("build/training"), help="keeps pictures and states")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="the checkpoint that is written")
    parser.add_argument(
        "--preset", choices=("auto", *PRESETS), default="auto", help="auto: gpu where there is one"
    )
    options = parser.parse_args()
    if unknown := set(options.steps) - set(STEPS):
        parser.error(f"unknown step {min(unknown)!r}; choose from {', '.join(STEPS)}")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    name = options.preset if options.preset != "auto" else {"cuda": "gpu"}.get(device.type, "cpu")
    preset = PRESETS[name]
    work: Path = options.work
    work.mkdir(parents=True, exist_ok=True)
    sprites = Sprites(work)  # fetches the picture sets the first time
    album = Album(every_thing(sprites.names()) if preset.every_name else THINGS, work)
    for step in options.steps or STEPS:
        if step in ("autoencoder", "latents"):
            _see(step, work, album, preset, device)
        elif step == "export":
            export(work, album, preset, options.output)
        else:
            _understand(step, work, album, preset, device)


def _see(step: str, work: Path, album: Album, preset: Preset, device: torch.device) -> None:
    """What is learned from pictures alone."""
    crops = make_crops(work, album, preset.crops)
    components = find_components(work, crops)
    if step == "autoencoder":
        train_autoencoder(work, crops, components, preset.autoencoder, device)
    else:
        make_latents(work, album, preset.buckets, components)


def _understand(step: str, work: Path, album: Album, preset: Preset, device: torch.device) -> None:
    """What is learned from captions, too."""
    if step == "reading":
        write_tokenizers(work / "model", album)
        train_reading(work, album, preset.buckets[0], preset.reading, device)
    elif step == "denoiser":
        train_denoiser(work, album, preset.buckets, preset.denoiser, device)
    else:
        train_guidance(work, album, preset.buckets, preset.guidance, device)


if __name__ == "__main__":
    main()
