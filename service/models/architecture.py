"""Whether a checkpoint is a plain Llama or Mistral, told from config.json, and its number type on a CPU."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from service.models.catalogue import Modality

Number = Literal["float32", "bfloat16", "float16", "int8", "float8"]
STATIC_ROPES = ("default", "linear", "llama3", "yarn")  # whose frequencies do not depend on the length


def is_plain(config: Mapping[str, object]) -> bool:
    """Whether the lean forward pass computes what this says; transformers' model has the rest."""
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    kind = (rope.get("rope_type") or rope.get("type") or "default") if isinstance(rope, Mapping) else None
    return (
        config.get("model_type") in ("llama", "mistral")
        and not config.get("attention_bias")
        and not config.get("mlp_bias")
        and config.get("hidden_act", "silu") == "silu"
        and kind in STATIC_ROPES
    )


def number_on_a_cpu(modality: Modality, folder: Path) -> Number:
    """What a checkpoint is computed in where nobody says it: text in int8, where that can be."""
    if modality == "image":
        return "float32"
    return "int8" if is_plain(json.loads((folder / "config.json").read_text())) else "float32"
