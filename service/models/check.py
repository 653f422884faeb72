"""Checks a model folder before anything loads it, from names, JSON and headers alone.

What could run code is refused first: pickles, Python files and `auto_map`. Then what is absent,
short or of a kind that this service does not serve. It takes milliseconds whatever the size.
"""

from collections.abc import Iterator
from pathlib import Path

from service.models.catalogue import Modality
from service.models.errors import ModelError
from service.models.weights import check_weights, read_json

__all__ = ["ModelError", "check_folder", "check_name"]

TEXT_ARCHITECTURES = ("LlamaForCausalLM", "MistralForCausalLM")
IMAGE_PIPELINES = ("StableDiffusionXLPipeline",)

_PICKLES = frozenset({".bin", ".ckpt", ".dill", ".joblib", ".npy", ".npz", ".pickle", ".pkl", ".pt", ".pth"})
_CODE = frozenset({".dll", ".dylib", ".py", ".pyc", ".so"})
_CODE_KEYS = frozenset({"auto_map", "custom_pipelines"})
# Files whose keys are words of a vocabulary, any of which may look like a setting.
_VOCABULARIES = frozenset({"tokenizer.json", "vocab.json", "added_tokens.json"})

_LAYER_TENSORS = tuple(
    f"{name}.weight"
    for name in (
        *(f"self_attn.{part}_proj" for part in "qkvo"),
        *(f"mlp.{part}_proj" for part in ("gate", "up", "down")),
        "input_layernorm",
        "post_attention_layernorm",
    )
)


def check_folder(folder: Path) -> Modality:
    """Says what a model folder holds, once it is safe to load and whole.

    Raises:
        ModelError: it is not; the text names the file and what to do.
    """
    if not folder.is_dir():
        raise ModelError(f"{folder.name} is not a folder of models: fetch it or check the path")
    _refuse_code(folder)
    if (folder / "model_index.json").exists():
        _check_image(folder)
        return "image"
    if not (folder / "config.json").exists():
        raise ModelError(f"{folder.name}/config.json is missing: fetch the model again")
    _check_text(folder)
    return "text"


def check_name(path: Path) -> None:
    """Refuses a file of a model by its name alone.

    Raises:
        ModelError: such files can hold code.
    """
    suffix = path.suffix.lower()
    if suffix in _PICKLES:
        raise ModelError(f"{path} can hold a pickle, which may run code: keep only .safetensors weights")
    if suffix in _CODE:
        raise ModelError(f"{path} is program code, and models here are data only: remove the model")


def _refuse_code(folder: Path) -> None:
    for path in _visible_files(folder):
        name = path.relative_to(folder.parent)
        check_name(name)
        if path.suffix.lower() == ".json" and path.name not in _VOCABULARIES:
            for key in _CODE_KEYS.intersection(_keys(read_json(path))):
                raise ModelError(f"{name} asks for custom code ({key}), which is never run: remove the model")


def _visible_files(folder: Path) -> Iterator[Path]:
    """Hidden folders are left out: nothing is ever loaded from them."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield path


def _keys(content: object) -> Iterator[str]:
    """Every key of every object inside a JSON value."""
    pending = [content]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            yield from value
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)


def _check_text(folder: Path) -> None:
    config = _read_object(folder / "config.json")
    architectures = config.get("architectures")
    if not isinstance(architectures, list) or not any(name in architectures for name in TEXT_ARCHITECTURES):
        raise ModelError(
            f"{folder.name} has the architecture {architectures}; served are {', '.join(TEXT_ARCHITECTURES)}"
        )
    if "quantization_config" in config:
        raise ModelError(f"{folder.name} holds quantised weights: use the model's unquantised safetensors")
    if not isinstance(read_json(folder / "tokenizer.json"), dict):
        raise ModelError(f"{folder.name}/tokenizer.json is not a tokenizer: fetch the model again")
    missing = _text_tensors(folder, config) - check_weights(folder)
    if missing:
        raise ModelError(
            f"{folder.name} lacks {len(missing)} tensors, {min(missing)} among them: fetch the model again"
        )


def _text_tensors(folder: Path, config: dict[str, object]) -> set[str]:
    """The tensors of a Llama or Mistral model of this many layers."""
    layers = config.get("num_hidden_layers")
    if not isinstance(layers, int) or not 0 < layers <= 1000:
        raise ModelError(f"{folder.name}/config.json: num_hidden_layers is {layers}, not a number of layers")
    names = {f"model.layers.{i}.{tensor}" for i in range(layers) for tensor in _LAYER_TENSORS}
    names |= {"model.embed_tokens.weight", "model.norm.weight"}
    return names if config.get("tie_word_embeddings") else names | {"lm_head.weight"}


def _check_image(folder: Path) -> None:
    index = _read_object(folder / "model_index.json")
    if index.get("_class_name") not in IMAGE_PIPELINES:
        raise ModelError(
            f"{folder.name} is a {index.get('_class_name')}; served are {', '.join(IMAGE_PIPELINES)}"
        )
    for name, component in index.items():
        if isinstance(component, list) and component != [None, None]:
            _check_component(folder / name, component)


def _check_component(folder: Path, component: list[object]) -> None:
    """One part of a pipeline, which the index names as [library, class]."""
    if len(component) != 2 or component[0] not in ("diffusers", "transformers"):
        raise ModelError(f"{folder.name} is a {component}, which needs custom code: this service runs none")
    kind = str(component[1])
    if kind.endswith(("Tokenizer", "TokenizerFast")):
        _require_any(folder, "tokenizer.json", "vocab.json")
    elif kind.endswith("Scheduler"):
        _read_object(folder / "scheduler_config.json")
    else:
        _read_object(folder / "config.json")
        check_weights(folder)


def _require_any(folder: Path, *names: str) -> None:
    if not any((folder / name).is_file() for name in names):
        raise ModelError(f"{folder.name}/{names[0]} is missing: fetch the model again")


def _read_object(path: Path) -> dict[str, object]:
    content = read_json(path)
    if not isinstance(content, dict):
        raise ModelError(f"{path.parent.name}/{path.name} is not a JSON object: fetch the model again")
    return content
