"""What lies in the models folder, and whether it can be served."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from service.models.catalogue import CATALOGUE, EMBEDDED, Modality, folder_of
from service.models.check import check_folder
from service.models.errors import ModelError


@dataclass(frozen=True, slots=True)
class Entry:
    """A model of the catalogue or of the folder; `problem` is None when it is ready to be served.

    `modality` is None where nothing is known but the folder's name.
    """

    name: str
    folder: Path
    modality: Modality | None
    problem: str | None


def inventory(models_dir: Path) -> list[Entry]:
    """Every model of the catalogue, there or not, then the other model folders by name."""
    return [
        _entry(folder_of(name, models_dir)) for name in dict.fromkeys([*CATALOGUE, *_folders(models_dir)])
    ]


def how_to_get(folder: Path) -> str:
    """The command that brings a model of the catalogue into its folder."""
    command = "prepare" if folder.name == EMBEDDED.name else f"fetch {folder.name}"
    return f"{sys.executable} -m service.models {command} --models-dir {folder.parent}"


def _folders(models_dir: Path) -> Iterator[str]:
    for folder in sorted(models_dir.iterdir()) if models_dir.is_dir() else ():
        known = (folder / "config.json").exists() or (folder / "model_index.json").exists()
        if known and not folder.name.startswith("."):
            yield folder.name


def _entry(folder: Path) -> Entry:
    model = CATALOGUE.get(folder.name)
    modality = model.modality if model else None
    if not folder.exists():
        return Entry(folder.name, folder, modality, f"not here: {how_to_get(folder)}")
    try:
        return Entry(folder.name, folder, check_folder(folder), None)
    except ModelError as error:
        return Entry(folder.name, folder, modality, f"refused: {error}")
