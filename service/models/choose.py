"""Chooses the models to serve and the device each computes on."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from service.config import Device, Dtype
from service.models.architecture import Number, number_on_a_cpu
from service.models.catalogue import CATALOGUE, EMBEDDED, GIB, PICTUREBOOK, Modality, Model, folder_of
from service.models.check import check_folder
from service.models.errors import ModelError
from service.models.gpu import Gpu, find_gpu
from service.models.inventory import how_to_get, inventory

__all__ = ["Choice", "Gpu", "ModelError", "choose_image_model", "choose_text_model", "describe", "find_gpu"]

_log = logging.getLogger(__name__)

_REFUSED = {
    ("int8", "cuda"): "computes on a CPU: add --device cpu",
    ("float8", "cpu"): "computes on a GPU: add one, an H100 or newer",
}
_MAKES: dict[Modality, str] = {"text": "writes text", "image": "makes images"}


@dataclass(frozen=True, slots=True)
class Choice:
    """A checked model folder, where and in which number type it computes, and why it was chosen."""

    name: str
    folder: Path
    device: Literal["cpu", "cuda"]
    dtype: Number
    reason: str


def choose_text_model(
    models_dir: Path, wanted: str, device: Device, gpu: Gpu | None, dtype: Dtype = "auto"
) -> Choice:
    """Chooses by what is wanted, what is there and what fits.

    `wanted` is "auto", a name in `models_dir`, or a path (anything with a slash in it). "auto" takes
    the biggest model that is here, whole and fits the GPU, and the embedded one otherwise.

    Raises:
        ModelError: a GPU is asked for and there is none, or the wanted model is absent or refused.
    """
    usable = _usable(device, gpu)
    if wanted != "auto":
        return _choose_wanted("text", models_dir, wanted, device, usable, dtype)
    choice = _choose_biggest("text", models_dir, usable, dtype)
    return choice or _choose_embedded(EMBEDDED, models_dir, usable, dtype)


def choose_image_model(
    models_dir: Path,
    wanted: str,
    device: Device,
    gpu: Gpu | None,
    dtype: Dtype = "auto",
    beside: Choice | None = None,
) -> Choice | None:
    """Chooses as for text; None for "none".

    "auto" leaves room on the GPU for what the model `beside` it needs.

    Raises:
        ModelError: as for text.
    """
    if wanted == "none":
        return None
    usable = _usable(device, gpu)
    number: Dtype = "auto" if dtype in ("int8", "float8") else dtype  # which are for text
    if wanted != "auto":
        return _choose_wanted("image", models_dir, wanted, device, usable, number)
    choice = _choose_biggest("image", models_dir, usable, number, beside)
    return choice or _choose_embedded(PICTUREBOOK, models_dir, usable, number)


def describe(choice: Choice) -> str:
    """One line for the start screen."""
    return f"{choice.name} ({choice.dtype} on {choice.device}): {choice.reason}"


def _usable(device: Device, gpu: Gpu | None) -> Gpu | None:
    if device == "cuda" and gpu is None:
        raise ModelError(
            "device cuda is asked for and no usable GPU was found: nvidia-smi must list one, "
            "CUDA_VISIBLE_DEVICES must not hide it and torch must not be the CPU build; or use --device cpu"
        )
    return None if device == "cpu" else gpu


def _choose_biggest(
    modality: Modality, models_dir: Path, gpu: Gpu | None, dtype: Dtype, beside: Choice | None = None
) -> Choice | None:
    big = [model for model in CATALOGUE.values() if model.modality == modality and model.gpu_bytes]
    for model in big if gpu else ():
        folder = models_dir / model.name
        problem = _why_not(model, folder, gpu, beside)
        if problem is None:
            return _choice(modality, model.name, folder, gpu, dtype, "the biggest model here that fits")
        _log.info("%s is not served: %s", model.name, problem)
    return None


def _choose_embedded(model: Model, models_dir: Path, gpu: Gpu | None, dtype: Dtype) -> Choice:
    folder = folder_of(model.name, models_dir)
    _check(folder, model.modality)
    return _choice(model.modality, model.name, folder, gpu, dtype, "the embedded model")


def _choose_wanted(
    modality: Modality, models_dir: Path, wanted: str, device: Device, gpu: Gpu | None, dtype: Dtype
) -> Choice:
    is_path = "/" in wanted or "\\" in wanted
    folder = Path(wanted).expanduser() if is_path else folder_of(wanted, models_dir)
    if not folder.is_dir() and wanted not in CATALOGUE:
        exists = _what_exists(modality, models_dir)
        raise ModelError(f"there is no {modality} model {wanted!r}: {exists}")
    _check(folder, modality)
    name = folder.resolve().name
    return _choice(
        modality, name, folder, _if_it_fits(CATALOGUE.get(name), gpu, device), dtype, "as configured"
    )


def _choice(
    modality: Modality, name: str, folder: Path, gpu: Gpu | None, dtype: Dtype, reason: str
) -> Choice:
    place: Literal["cpu", "cuda"] = "cuda" if gpu else "cpu"
    if (dtype, place) in _REFUSED:
        raise ModelError(f"dtype {dtype} {_REFUSED[dtype, place]}, or choose another --dtype")
    if dtype == "auto":
        dtype = "bfloat16" if gpu else number_on_a_cpu(modality, folder)
    return Choice(name, folder, place, dtype, f"{reason}, on {_name(gpu)}")


def _why_not(model: Model, folder: Path, gpu: Gpu | None, beside: Choice | None) -> str | None:
    if not _fits(model, gpu, beside):
        too = f" beside {beside.name}" if beside and _fits(model, gpu) else ""
        return f"it needs {model.gpu_bytes / GIB:.0f} GiB of a GPU's memory{too}"
    try:
        _check(folder, model.modality)
    except ModelError as error:
        return str(error)
    return None


def _what_exists(modality: Modality, models_dir: Path) -> str:
    known = [entry for entry in inventory(models_dir) if entry.modality == modality]
    here = ", ".join(entry.name for entry in known if entry.problem is None) or f"no {modality} model"
    absent = [how_to_get(entry.folder) for entry in known if not entry.folder.exists()]
    return "; ".join([f"{models_dir} has {here}", *(f"another comes with: {command}" for command in absent)])


def _check(folder: Path, modality: Modality) -> None:
    if not folder.exists() and folder.name in CATALOGUE:
        raise ModelError(f"{folder.name} is not in {folder.parent}: {how_to_get(folder)}")
    found = check_folder(folder)
    if found != modality:
        article = "an" if modality == "image" else "a"
        raise ModelError(f"{folder.name} {_MAKES[found]}, and {article} {modality} model is asked for")


def _if_it_fits(model: Model | None, gpu: Gpu | None, device: Device) -> Gpu | None:
    """The GPU, or None for the CPU where the GPU is too small and was not insisted on."""
    if model is None or gpu is None or _fits(model, gpu):
        return gpu
    problem = f"{model.name} needs a GPU of {model.gpu_bytes / GIB:.0f} GiB and {_name(gpu)}"
    if device == "cuda":
        raise ModelError(f"{problem} is smaller: choose another --{model.modality}-model, or --device cpu")
    _log.warning("%s is smaller: it computes on the CPU, slowly", problem)
    return None


def _fits(model: Model, gpu: Gpu | None, beside: Choice | None = None) -> bool:
    neighbour = CATALOGUE.get(beside.name) if beside and beside.device == "cuda" else None
    taken = neighbour.gpu_bytes if neighbour else 0
    return gpu is not None and gpu.memory_bytes - taken >= model.gpu_bytes


def _name(gpu: Gpu | None) -> str:
    return f"{gpu.name} with {gpu.memory_bytes / GIB:.0f} GiB" if gpu else "the CPU"
