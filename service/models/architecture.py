"""Which text checkpoints are plain Llamas or Mistrals, told from config.json alone."""

import json
from collections.abc import Mapping
from pathlib import Path

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


def is_plain_folder(folder: Path) -> bool:
    """The same of a checkpoint's folder."""
    config = json.loads((folder / "config.json").read_text())
    return is_plain(config)
