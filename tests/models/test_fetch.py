import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path

import pytest

from service.models.catalogue import EMBEDDED, MISTRAL, Hub, Model
from service.models.check import check_folder
from service.models.errors import ModelError
from service.models.fetch import fetch
from tests.models.folders import image_model, text_model
from tests.models.hub_stand_in import REPO, REVISION, HubStandIn, running_hub

SHARD = "model-00001-of-00002.safetensors"
PATTERNS = ("*.json", "*.safetensors", "tokenizer/*")


def tiny(revision: str = REVISION, patterns: tuple[str, ...] = PATTERNS) -> Model:
    return Model("tiny", "text", Hub(REPO, revision, patterns), disk_bytes=0, gpu_bytes=0, licence="none")


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubStandIn]:
    with running_hub() as hub:
        hub.add_folder(text_model(tmp_path / "published"))
        yield hub


@pytest.fixture
def models_dir(tmp_path: Path) -> Path:
    return tmp_path / "models"


def refusal(models_dir: Path, endpoint: str, model: Model | None = None) -> str:
    with pytest.raises(ModelError) as caught:
        fetch(model or tiny(), models_dir, endpoint)
    assert not (models_dir / "tiny").exists()
    return str(caught.value)


def test_fetch_brings_the_files_that_are_asked_for(hub: HubStandIn, models_dir: Path) -> None:
    hub.files |= {"README.md": b"hello", "consolidated.00.pth": b"a pickle"}
    folder = fetch(tiny(), models_dir, hub.endpoint)
    assert check_folder(folder) == "text"
    expected = {path for path in hub.files if path.endswith((".json", ".safetensors"))}
    assert {path.name for path in folder.iterdir()} == expected
    assert all((folder / path).read_bytes() == hub.files[path] for path in expected)


def test_fetch_brings_subfolders(hub: HubStandIn, tmp_path: Path, models_dir: Path) -> None:
    hub.files.clear()
    hub.add_folder(image_model(tmp_path / "image"))
    assert check_folder(fetch(tiny(), models_dir, hub.endpoint)) == "image"


def test_a_second_fetch_asks_for_nothing(hub: HubStandIn, models_dir: Path) -> None:
    fetch(tiny(), models_dir, hub.endpoint)
    hub.asked.clear()
    fetch(tiny(), models_dir, "http://127.0.0.1:9")
    assert hub.asked == []


def test_fetches_at_once_download_once(hub: HubStandIn, models_dir: Path) -> None:
    with ThreadPoolExecutor() as pool:
        folders = list(pool.map(lambda _: fetch(tiny(), models_dir, hub.endpoint), range(3)))
    assert len(set(folders)) == 1
    assert len(hub.asked) == len(hub.files)


def test_a_broken_connection_continues_where_it_broke(hub: HubStandIn, models_dir: Path) -> None:
    hub.break_after = [100, 50]
    folder = fetch(tiny(), models_dir, hub.endpoint)
    assert [start for path, start in hub.asked if path == SHARD] == [0, 100, 150]
    assert (folder / SHARD).read_bytes() == hub.files[SHARD]


def test_the_next_fetch_asks_only_for_the_rest(hub: HubStandIn, models_dir: Path) -> None:
    part = models_dir / ".tiny.part"
    part.mkdir(parents=True)
    (part / f"{SHARD}.incomplete").write_bytes(hub.files[SHARD][:120])
    (part / "config.json").write_bytes(hub.files["config.json"])
    folder = fetch(tiny(), models_dir, hub.endpoint)
    assert [start for path, start in hub.asked if path == SHARD] == [120]
    assert "config.json" not in dict(hub.asked)
    assert check_folder(folder) == "text"
    assert not part.exists()


def test_a_hub_without_ranges_is_read_from_the_start(hub: HubStandIn, models_dir: Path) -> None:
    hub.ignore_ranges = True
    hub.break_after = [100]
    folder = fetch(tiny(), models_dir, hub.endpoint)
    assert (folder / SHARD).read_bytes() == hub.files[SHARD]


def test_the_token_goes_to_the_hub_and_not_beyond(
    hub: HubStandIn, models_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    fetch(tiny(), models_dir, hub.endpoint)
    assert hub.tokens == {"hub": "Bearer hf_secret", "store": None}


def test_damaged_content_is_deleted(hub: HubStandIn, models_dir: Path) -> None:
    hub.damage = b"XXXX"
    assert refusal(models_dir, hub.endpoint) == f"{SHARD} arrived damaged and was deleted: fetch again"
    hub.damage = b""
    assert check_folder(fetch(tiny(), models_dir, hub.endpoint)) == "text"


def test_fault_06_a_pickle_is_not_downloaded(hub: HubStandIn, models_dir: Path) -> None:
    hub.files["tokenizer/extra.bin"] = b"a pickle"
    assert "tokenizer/extra.bin can hold a pickle" in refusal(models_dir, hub.endpoint)
    assert hub.asked == []


def test_fault_06_custom_code_is_refused_after_the_download(hub: HubStandIn, models_dir: Path) -> None:
    hub.files["tokenizer_config.json"] = b'{"auto_map": {}}'
    assert "asks for custom code (auto_map)" in refusal(models_dir, hub.endpoint)


def test_a_path_that_leaves_the_folder_is_refused(hub: HubStandIn, models_dir: Path) -> None:
    hub.files["../../config.json"] = b"{}"
    assert "outside its own folder" in refusal(models_dir, hub.endpoint)


@pytest.mark.parametrize("status", [HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN])
def test_a_licence_to_accept_is_explained(hub: HubStandIn, models_dir: Path, status: HTTPStatus) -> None:
    hub.refuse_with = status
    text = refusal(models_dir, hub.endpoint)
    assert f"accept it at {hub.endpoint}/{REPO}" in text
    assert "HF_TOKEN" in text


def test_an_unknown_revision_is_explained(hub: HubStandIn, models_dir: Path) -> None:
    text = refusal(models_dir, hub.endpoint, tiny(revision="f" * 40))
    assert text == f"{hub.endpoint} has no {REPO} at commit {'f' * 40}: check HF_ENDPOINT"


def test_a_hub_in_trouble_is_explained(hub: HubStandIn, models_dir: Path) -> None:
    hub.refuse_with = HTTPStatus.SERVICE_UNAVAILABLE
    assert "answered 503: fetch again later" in refusal(models_dir, hub.endpoint)


def test_an_endpoint_that_is_no_hub_is_explained(hub: HubStandIn, models_dir: Path) -> None:
    hub.tree = lambda: [{"message": "hello"}]  # type: ignore[method-assign]
    assert "does not answer like a hub" in refusal(models_dir, hub.endpoint)


def test_no_network_is_explained(models_dir: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{closed.getsockname()[1]}"
        assert refusal(models_dir, endpoint).startswith(f"cannot reach {endpoint} (ConnectError)")


def test_fault_29_an_incomplete_repository_is_refused(hub: HubStandIn, models_dir: Path) -> None:
    del hub.files[SHARD]
    assert f"{SHARD} is missing" in refusal(models_dir, hub.endpoint)


def test_fault_30_too_little_space_is_found_before_the_download(hub: HubStandIn, models_dir: Path) -> None:
    hub.claimed_size = 10**15
    assert "GB are needed" in refusal(models_dir, hub.endpoint)
    assert hub.asked == []


def test_fault_30_a_file_in_place_of_the_folder(hub: HubStandIn, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ModelError, match=r"cannot write to .*: free the disk, make the folder writable"):
        fetch(tiny(), tmp_path / "file", hub.endpoint)


def test_fault_30_a_disk_that_fills_up(hub: HubStandIn, models_dir: Path) -> None:
    hub.files[SHARD] += bytes(100_000)
    program = f"""
import resource
from pathlib import Path
from service.models.catalogue import Hub, Model
from service.models.fetch import fetch
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
fetch({tiny()!r}, Path({str(models_dir)!r}), {hub.endpoint!r})
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert "ModelError: cannot write to" in done.stderr.splitlines()[-1]
    assert not (models_dir / "tiny").exists()


def test_a_broken_model_of_somebody_else_is_left_alone(hub: HubStandIn, models_dir: Path) -> None:
    folder = text_model(models_dir / "tiny")
    (folder / SHARD).unlink()
    with pytest.raises(ModelError, match=r"tiny/model-00001.* is missing: .*; move .*tiny away first"):
        fetch(tiny(), models_dir, hub.endpoint)
    assert (folder / "config.json").exists()


def test_the_embedded_model_is_not_fetched(models_dir: Path) -> None:
    with pytest.raises(ModelError, match=r"service\.models prepare"):
        fetch(EMBEDDED, models_dir)


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [("HF_ENDPOINT", None, "has no mistralai/"), ("HF_HUB_OFFLINE", "1", "(OfflineModeIsEnabled)")],
)
def test_the_hub_of_the_environment_is_asked(
    hub: HubStandIn, tmp_path: Path, variable: str, value: str | None, said: str
) -> None:
    command = [sys.executable, "-m", "service.models", "fetch", MISTRAL.name, "--models-dir", str(tmp_path)]
    environment = os.environ | {"HF_ENDPOINT": hub.endpoint, variable: value or hub.endpoint}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
