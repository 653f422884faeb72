"""Safetensors files from the outside: which ones a folder serves, and whether each is whole.

Only headers are read. The library refuses a header that is no JSON or too long, and tensors whose
offsets overlap, leave gaps or do not end where the file does, which is how a short file shows.
Format: https://github.com/huggingface/safetensors#format
"""

import json
from pathlib import Path

from safetensors import SafetensorError, safe_open

from service.models.errors import ModelError


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files to load from a folder: the shards of its index, or what lies there.

    Raises:
        ModelError: there are none, or the index is wrong.
    """
    index = _find_index(folder)
    if index is not None:
        return [folder / name for name in sorted(set(_read_index(index).values()))]
    found = sorted(folder.glob("*.safetensors"))
    if not found:
        raise ModelError(f"{folder.name} has no .safetensors weights: fetch the model again")
    return found


def check_weights(folder: Path) -> frozenset[str]:
    """Checks every weight file's header against its size and the index; returns the tensors' names.

    Raises:
        ModelError: a file is corrupt, short or absent, or a tensor is missing.
    """
    inside = {path.name: _tensor_names(path) for path in weight_files(folder)}
    index = _find_index(folder)
    for tensor, shard in _read_index(index).items() if index else ():
        if tensor not in inside[shard]:
            raise ModelError(f"{folder.name}/{shard} lacks the tensor {tensor}: fetch the model again")
    return frozenset().union(*inside.values())


def read_json(path: Path) -> object:
    """Reads a JSON file of a model folder.

    Raises:
        ModelError: it is absent or not JSON.
    """
    name = f"{path.parent.name}/{path.name}"
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise ModelError(f"{name} cannot be read ({error.strerror}): fetch the model again") from error
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{name} is not valid JSON: fetch the model again") from error


def _find_index(folder: Path) -> Path | None:
    return next(iter(sorted(folder.glob("*.safetensors.index*.json"))), None)


def _read_index(index: Path) -> dict[str, str]:
    """Tensor name to the shard that holds it."""
    content = read_json(index)
    shards = content.get("weight_map") if isinstance(content, dict) else None
    if not isinstance(shards, dict) or not all(isinstance(shard, str) for shard in shards.values()):
        raise ModelError(f"{index.parent.name}/{index.name} has no weight_map: fetch the model again")
    for shard in set(shards.values()):
        if Path(shard).name != shard or not shard.endswith(".safetensors"):
            raise ModelError(f"{index.parent.name}/{index.name} names {shard!r}, not a file beside it")
    return shards


def _tensor_names(path: Path) -> frozenset[str]:
    name = f"{path.parent.name}/{path.name}"
    if not path.is_file():
        raise ModelError(f"{name} is missing: fetch the model again")
    try:
        with safe_open(path, framework="numpy") as file:
            return frozenset(file.keys())
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{name} is corrupt or short ({error}): fetch the model again") from error
