"""Finds the GPU that the service may use, without torch."""

import logging
import os
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import pynvml

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU by its name, with its total memory in bytes."""

    name: str
    memory_bytes: int


def find_gpu() -> Gpu | None:
    """The first visible NVIDIA GPU, or None where there is none or torch was built without CUDA.

    CUDA_VISIBLE_DEVICES holds as it does for torch: its first entry is taken, an index or a UUID.
    """
    first = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0].strip()
    if first in ("", "-1"):
        return None
    try:
        gpu = _query(first)
    except pynvml.NVMLError as error:
        _log.debug("no GPU: %s", error)
        return None
    if _torch_is_cpu_only():
        _log.warning("%s is left unused: the installed torch is the CPU build", gpu.name)
        return None
    return gpu


def _query(which: str) -> Gpu:
    pynvml.nvmlInit()
    try:
        if which.isdecimal():
            handle = pynvml.nvmlDeviceGetHandleByIndex(int(which))
        else:
            handle = pynvml.nvmlDeviceGetHandleByUUID(which)
        return Gpu(str(pynvml.nvmlDeviceGetName(handle)), int(pynvml.nvmlDeviceGetMemoryInfo(handle).total))
    finally:
        pynvml.nvmlShutdown()


def _torch_is_cpu_only() -> bool:
    try:
        return version("torch").endswith("+cpu")
    except PackageNotFoundError:
        return True
