"""Fetches a model of the catalogue from the Hugging Face hub, at its pinned commit.

The files are collected in a hidden folder beside the final one, which is renamed once everything
is there and checked: a folder under the model's name is always a whole one, and a fetch that was
broken off continues where it stopped.
"""

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import httpx2
from filelock import FileLock
from huggingface_hub import constants, get_session
from tqdm import tqdm

from service.models.catalogue import Hub, Model
from service.models.check import check_folder, check_name
from service.models.disk import require_space, unwritable
from service.models.download import TIMEOUT_S, RemoteFile, authorization, download
from service.models.errors import ModelError


def fetch(model: Model, models_dir: Path, endpoint: str | None = None) -> Path:
    """Downloads a model's files into `models_dir` unless they are there, and returns its folder.

    `endpoint` is the hub's address; None takes HF_ENDPOINT from the environment, or the public hub.
    Two processes may call this at once: the second waits and finds the first's work.

    Raises:
        ModelError: the model is not from a hub, the hub cannot be reached or refuses, the disk is
            full or read-only, or what came fails its check.
    """
    hub = model.source
    if not isinstance(hub, Hub):
        raise ModelError(
            f"{model.name} is not from a hub: `python -m service.models prepare` is all it needs"
        )
    endpoint = endpoint or constants.ENDPOINT
    folder = models_dir / model.name
    if _is_there(folder):
        return folder
    try:
        models_dir.mkdir(parents=True, exist_ok=True)
        with FileLock(models_dir / f".{model.name}.lock"):
            if not _is_there(folder):
                _fetch_into(folder, hub, endpoint)
    except (httpx2.HTTPError, ConnectionError) as error:  # the latter is an OSError too
        raise _hub_error(hub, endpoint, error) from error
    except OSError as error:
        raise unwritable(models_dir, error) from error
    return folder


def _is_there(folder: Path) -> bool:
    if not folder.exists():
        return False
    try:
        check_folder(folder)
    except ModelError as error:
        raise ModelError(f"{error}; move {folder} away first") from error
    return True


def _fetch_into(folder: Path, hub: Hub, endpoint: str) -> None:
    files = _list_files(hub, endpoint)
    part = folder.with_name(f".{folder.name}.part")
    part.mkdir(exist_ok=True)
    total = sum(file.size for file in files)
    require_space(part, total - sum(path.stat().st_size for path in part.rglob("*") if path.is_file()))
    with tqdm(total=total, unit="B", unit_scale=True, desc=folder.name, ncols=80, disable=None) as bar:
        for file in files:
            download(hub, file, part, endpoint, bar.update)
    check_folder(part)
    part.rename(folder)


def _list_files(hub: Hub, endpoint: str) -> list[RemoteFile]:
    """The repository's files that the catalogue asks for; pickles and foreign paths are refused."""
    address = f"{endpoint}/api/models/{hub.repo}/tree/{hub.revision}?recursive=true"
    answer = get_session().get(address, headers=authorization(), timeout=TIMEOUT_S)
    answer.raise_for_status()
    try:
        found = [_remote_file(entry) for entry in answer.json() if entry["type"] == "file"]
    except (ValueError, LookupError, TypeError) as error:
        raise ModelError(f"{endpoint} does not answer like a hub: check HF_ENDPOINT") from error
    files = [file for file in found if any(fnmatchcase(file.path, pattern) for pattern in hub.patterns)]
    for file in files:
        if Path(file.path).is_absolute() or ".." in Path(file.path).parts:
            raise ModelError(f"{hub.repo} names the file {file.path!r}, which is outside its own folder")
        check_name(Path(file.path))
    return files


def _remote_file(entry: dict[str, Any]) -> RemoteFile:
    """Reads an entry of the hub's tree listing; only large files have a hash, under "lfs"."""
    return RemoteFile(str(entry["path"]), int(entry["size"]), entry["lfs"]["oid"] if "lfs" in entry else None)


def _hub_error(hub: Hub, endpoint: str, error: Exception) -> ModelError:
    status = error.response.status_code if isinstance(error, httpx2.HTTPStatusError) else None
    if status in (401, 403):
        return ModelError(
            f"{hub.repo} asks for its licence to be accepted: accept it at {endpoint}/{hub.repo}, then set "
            "HF_TOKEN to a token of that account and fetch again"
        )
    if status == 404:
        return ModelError(f"{endpoint} has no {hub.repo} at commit {hub.revision}: check HF_ENDPOINT")
    if status is not None:
        return ModelError(f"{endpoint} answered {status}: fetch again later, what is here already is kept")
    return ModelError(
        f"cannot reach {endpoint} ({type(error).__name__}): check the network, HF_ENDPOINT and "
        "HF_HUB_OFFLINE, then fetch again, what is here already is kept"
    )
