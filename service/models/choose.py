"""Chooses the text model to serve and the device it computes on."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from service.config import Device, Dtype
from service.models.catalogue import CATALOGUE, EMBEDDED, GIB, Model
from service.models.check import check_folder
from service.models.errors import ModelError
from service.models.gpu import Gpu, find_gpu
from service.models.inventory import how_to_get, inventory

__all__ = ["Choice", "Gpu", "ModelError", "choose_text_model", "describe", "find_gpu"]

_log = logging.getLogger(__name__)

_BIG_TEXT_MODELS = [m for m in CATALOGUE.values() if m.modality == "text" and m.gpu_bytes]


@dataclass(frozen=True, slots=True)
class Choice:
    """A checked model folder, where and in which number type it computes, and why it was chosen."""

    name: str
    folder: Path
    device: Literal["cpu", "cuda"]
    dtype: Literal["float32", "bfloat16", "float16"]
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
    if device == "cuda" and gpu is None:
        raise ModelError(
            "device cuda is asked for and no usable GPU was found: nvidia-smi must list one, "
            "CUDA_VISIBLE_DEVICES must not hide it and torch must not be the CPU build; or use --device cpu"
        )
    usable = None if device == "cpu" else gpu
    if wanted == "auto":
        name, folder, reason = _choose_automatically(models_dir, usable)
    else:
        name, folder, reason = _find_wanted(models_dir, wanted)
        usable = _if_it_fits(CATALOGUE.get(name), usable, device)
    place: Literal["cpu", "cuda"] = "cuda" if usable else "cpu"
    number = ("bfloat16" if usable else "float32") if dtype == "auto" else dtype
    return Choice(name, folder, place, number, f"{reason}, on {_name(usable)}")


def describe(choice: Choice) -> str:
    """One line for the start screen."""
    return f"{choice.name} ({choice.dtype} on {choice.device}): {choice.reason}"


def _choose_automatically(models_dir: Path, gpu: Gpu | None) -> tuple[str, Path, str]:
    for model in _BIG_TEXT_MODELS if gpu else ():
        folder = models_dir / model.name
        problem = _why_not(model, folder, gpu)
        if problem is None:
            return model.name, folder, "the biggest model here that fits"
        _log.info("%s is not served: %s", model.name, problem)
    folder = models_dir / EMBEDDED.name
    _check_text(folder)
    return EMBEDDED.name, folder, "the embedded model"


def _why_not(model: Model, folder: Path, gpu: Gpu | None) -> str | None:
    if not _fits(model, gpu):
        return f"it needs a GPU of {model.gpu_bytes / GIB:.0f} GiB"
    try:
        _check_text(folder)
    except ModelError as error:
        return str(error)
    return None


def _find_wanted(models_dir: Path, wanted: str) -> tuple[str, Path, str]:
    is_path = "/" in wanted or "\\" in wanted
    folder = Path(wanted).expanduser() if is_path else models_dir / wanted
    if not folder.is_dir() and wanted not in CATALOGUE:
        raise ModelError(f"there is no text model {wanted!r}: {_what_exists(models_dir)}")
    _check_text(folder)
    return folder.resolve().name, folder, "as configured"


def _what_exists(models_dir: Path) -> str:
    text = [entry for entry in inventory(models_dir) if entry.modality == "text"]
    here = ", ".join(entry.name for entry in text if entry.problem is None) or "no text model"
    absent = [how_to_get(entry.folder) for entry in text if not entry.folder.exists()]
    return "; ".join([f"{models_dir} has {here}", *(f"another comes with: {command}" for command in absent)])


def _check_text(folder: Path) -> None:
    if not folder.exists() and folder.name in CATALOGUE:
        raise ModelError(f"{folder.name} is not in {folder.parent}: {how_to_get(folder)}")
    if check_folder(folder) != "text":
        raise ModelError(f"{folder.name} makes images, and a text model is asked for")


def _if_it_fits(model: Model | None, gpu: Gpu | None, device: Device) -> Gpu | None:
    """The GPU, or None for the CPU where the GPU is too small and was not insisted on."""
    if model is None or gpu is None or _fits(model, gpu):
        return gpu
    problem = f"{model.name} needs a GPU of {model.gpu_bytes / GIB:.0f} GiB and {_name(gpu)}"
    if device == "cuda":
        raise ModelError(f"{problem} is smaller: choose another --text-model, or --device cpu")
    _log.warning("%s is smaller: it computes on the CPU, slowly", problem)
    return None


def _fits(model: Model, gpu: Gpu | None) -> bool:
    return gpu is not None and gpu.memory_bytes >= model.gpu_bytes


def _name(gpu: Gpu | None) -> str:
    return f"{gpu.name} with {gpu.memory_bytes / GIB:.0f} GiB" if gpu else "the CPU"
