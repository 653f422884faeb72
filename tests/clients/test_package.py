"""The package holds all it needs, wherever it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.stack import Stack

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import generation, generation_client
from generation_client.cli.app import app
print(generation.__file__, generation_client.__file__)
app()
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel, built in a fresh copy of the repository in which nothing was generated."""
    copy = tmp_path_factory.mktemp("repository")
    for name in ("protos", "clients"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("build", "*.egg-info"))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        "dist",
    ]
    subprocess.run(
        [*command, "./clients/python"], cwd=copy, env=os.environ | {"PATH": path}, check=True, timeout=150
    )
    assert not (copy / "generation").exists()  # there make would take the stubs for its own
    (wheel,) = (copy / "dist").glob("*.whl")
    return wheel


def test_a_wheel_has_the_stubs_and_the_contract(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "generation/py.typed",
        "generation/v1/generation_pb2.py",
        "generation/v1/generation_pb2.pyi",
        "generation/v1/generation_pb2_grpc.py",
        "generation/v1/generation.binpb",
        "generation_client/py.typed",
        "generation_client/cli/app.py",
    } <= names


@pytest.mark.parametrize(
    ("command", "told"), [("health", "ok, on cpu"), ("text --help", "The most tokens to write")]
)
def test_the_command_works_from_a_wheel_alone(
    wheel: Path, tmp_path: Path, stack: Stack, command: str, told: str
) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, *command.split()],
        cwd=tmp_path,
        env=os.environ
        | {"PYTHONPATH": str(tmp_path), "GENERATION_SERVER": stack.grpc_address, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=True,
        timeout=150,
    )
    places, output = run.stdout.split("\n", 1)
    assert all(path.startswith(str(tmp_path)) for path in places.split())
    assert told in output
