"""The stages of the Dockerfile laid out as folders, with what their commands make."""

import sys
from pathlib import Path

import pytest

from tests.deploy.recipe import lay_out, run, stages

DOWNLOADS = ("apt-get", "pip install")


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stage `build`, its commands run; what they would download is this environment's own."""
    image = tmp_path_factory.mktemp("build")
    stage = stages()["build"]
    folder = lay_out(stage, image, {})
    (folder / ".venv").mkdir()
    for path in Path(sys.prefix).iterdir():
        if path.name != ".installed":
            (folder / ".venv" / path.name).symlink_to(path)
    for command in stage.all("RUN"):
        if not any(word in command for word in DOWNLOADS):
            run(command, folder)
    return image


@pytest.fixture(scope="session")
def rest(build: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the image `rest` adds to Envoy's."""
    image = tmp_path_factory.mktemp("rest")
    folder = lay_out(stages()["rest"], image, {"build": build})
    config = folder / "build" / "envoy.json"
    # Of one path in both images, as absolute paths within them are; here the images are folders.
    config.write_text(config.read_text().replace(f'"{build}/', f'"{image}/'))
    return image


@pytest.fixture
def service(build: Path, tmp_path: Path) -> Path:
    """The files of the image `service`, without its packages."""
    lay_out(stages()["service"], tmp_path, {"build": build})
    return tmp_path
