"""A checkpoint's tensors, read from its safetensors one at a time."""

from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor

from service.models.weights import weight_files


class Weights:
    """Tensors by name, as numbers of type `dtype` on `device`."""

    def __init__(self, folder: Path, device: torch.device, dtype: torch.dtype) -> None:
        self.device, self.dtype = device, dtype
        self._file_of: dict[str, Path] = {}
        for path in weight_files(folder):
            with safe_open(path, framework="pt") as file:
                self._file_of |= dict.fromkeys(file.keys(), path)

    def __getitem__(self, name: str) -> Tensor:
        """Raises KeyError for a name that the checkpoint has not."""
        with safe_open(self._file_of[name], framework="pt", device=str(self.device)) as file:
            tensor: Tensor = file.get_tensor(name)
        return tensor.to(self.dtype)

    def stacked(self, *names: str) -> Tensor:
        """Matrices [out, in] one below the other."""
        return torch.cat([self[name] for name in names])
