"""What the machine can do and what the engines hold of it."""

import math
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch
from safetensors import safe_open

COPIED_BYTES = 256 << 20
COPIES = 9
BYTES = {"int8": 1, "bfloat16": 2, "float16": 2, "float32": 4}


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes a second that a copy reads and writes, and the bytes of weights that each step reads."""

    copied_bytes_s: float
    weights: int

    def steps_a_second(self, bytes_a_weight: float) -> float:
        """The most steps whose weights come from memory: the most tokens a second of one request."""
        return self.copied_bytes_s / (self.weights * bytes_a_weight)


@dataclass(frozen=True, slots=True)
class Held:
    """Resident memory of a process, in bytes; `proportional` counts shared pages by their sharers."""

    name: str
    resident: int
    proportional: int


def limits(folder: Path, device: str = "cpu") -> Limits:
    """The best of several copies: a bound is what the machine does when it is left alone."""
    source = torch.ones(COPIED_BYTES, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    best = min(_seconds(source, target) for _ in range(COPIES))
    return Limits(2 * COPIED_BYTES / best, count_weights(folder))


def count_weights(folder: Path) -> int:
    """How many numbers a checkpoint's safetensors files hold."""
    total = 0
    for path in folder.glob("*.safetensors"):
        with safe_open(path, "pt") as file:
            total += sum(math.prod(file.get_slice(name).get_shape()) for name in file.keys())  # noqa: SIM118
    return total


def held(name: str, pid: int) -> Held:
    """Of one process, as it is now."""
    found = psutil.Process(pid).memory_full_info()
    return Held(name, found.rss, found.pss)


def engine_of(service_pid: int) -> int:
    """The process id of a service's text engine."""
    children = psutil.Process(service_pid).children()
    return int(next(child.pid for child in children if child.cmdline()[-1] == "text"))


def _seconds(source: torch.Tensor, target: torch.Tensor) -> float:
    began = time.perf_counter()
    target.copy_(source)
    if source.is_cuda:
        torch.cuda.synchronize()
    return time.perf_counter() - began
