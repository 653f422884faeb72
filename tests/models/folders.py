"""Small model folders with real safetensors files, for tests to break."""

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

_LAYER = (
    *(f"self_attn.{part}_proj" for part in "qkvo"),
    *(f"mlp.{part}_proj" for part in ("gate", "up", "down")),
    "input_layernorm",
    "post_attention_layernorm",
)
TENSORS = (
    "model.embed_tokens.weight",
    "model.norm.weight",
    "lm_head.weight",
    *(f"model.layers.0.{name}.weight" for name in _LAYER),
)


def write_json(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def write_weights(path: Path, names: tuple[str, ...] = TENSORS) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: np.full((4, 4), 0.5, np.float32) for name in names}, path)


def text_model(folder: Path, **config: object) -> Path:
    """A Mistral of one layer in two shards; `config` replaces settings of its config.json."""
    plain = {"architectures": ["MistralForCausalLM"], "model_type": "mistral", "num_hidden_layers": 1}
    settings = plain | config
    write_json(folder / "config.json", settings)
    write_json(folder / "tokenizer.json", {"version": "1.0"})
    shards = {
        "model-00001-of-00002.safetensors": TENSORS[:6],
        "model-00002-of-00002.safetensors": TENSORS[6:],
    }
    for shard, names in shards.items():
        write_weights(folder / shard, names)
    index = {name: shard for shard, names in shards.items() for name in names}
    write_json(folder / "model.safetensors.index.json", {"metadata": {}, "weight_map": index})
    return folder


def one_file_text_model(folder: Path) -> Path:
    """A Llama of one layer whose head is its embedding, in one file."""
    text_model(folder, architectures=["LlamaForCausalLM"], model_type="llama", tie_word_embeddings=True)
    for path in folder.glob("model*"):
        path.unlink()
    write_weights(folder / "model.safetensors", tuple(name for name in TENSORS if name != "lm_head.weight"))
    return folder


def image_model(folder: Path) -> Path:
    """The outline of an SDXL pipeline."""
    components = {
        "text_encoder": "CLIPTextModel",
        "unet": "UNet2DConditionModel",
        "scheduler": "EulerDiscreteScheduler",
        "tokenizer": "CLIPTokenizer",
    }
    index: dict[str, object] = {"_class_name": "StableDiffusionXLPipeline", "image_encoder": [None, None]}
    for name, kind in components.items():
        index[name] = ["transformers" if kind.startswith("CLIP") else "diffusers", kind]
    write_json(folder / "model_index.json", index)
    write_json(folder / "scheduler" / "scheduler_config.json", {})
    write_json(folder / "tokenizer" / "vocab.json", {"auto_map": 0})
    for name in ("text_encoder", "unet"):
        write_json(folder / name / "config.json", {})
        write_weights(folder / name / "model.fp16.safetensors", ("weight",))
    return folder
