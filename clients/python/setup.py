"""Says where the stubs of the contract lie, and makes them where `make proto` has not.

Everything else about the package stands in pyproject.toml.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from setuptools import setup

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PROTOS = sorted(ROOT.glob("protos/generation/v1/*.proto"))
CONTRACT = "generation/v1/generation.binpb"
ENDINGS = ("_pb2.py", "_pb2.pyi", "_pb2_grpc.py", "_pb2_grpc.pyi")
OUTPUTS = {"python_out": "", "grpc_python_out": "", "mypy_out": "quiet:", "mypy_grpc_out": "quiet:"}


def are_current() -> bool:
    """Whether `make proto` has made everything, and since the contract last changed."""
    changed = max(proto.stat().st_mtime for proto in PROTOS)
    stubs = [ROOT / "generation/v1" / f"{proto.stem}{ending}" for proto in PROTOS for ending in ENDINGS]
    return all(file.exists() and file.stat().st_mtime >= changed for file in [*stubs, ROOT / CONTRACT])


def make_stubs(folder: Path) -> Path:
    """Runs protoc as the Makefile does. The descriptor set carries the comments, for --help.

    The folder is the package's own: where make writes, make would take the stubs for all it has to do.
    """
    shutil.rmtree(folder, ignore_errors=True)
    (folder / CONTRACT).parent.mkdir(parents=True)
    for empty in ("__init__.py", "v1/__init__.py", "py.typed"):
        (folder / "generation" / empty).touch()
    command = [sys.executable, "-m", "grpc_tools.protoc", "-Iprotos", f"-I{annotations()}"]
    command += [f"--{output}={options}{folder}" for output, options in OUTPUTS.items()]
    command += ["--include_imports", "--include_source_info", f"--descriptor_set_out={folder / CONTRACT}"]
    command += [str(proto.relative_to(ROOT / "protos")) for proto in PROTOS]
    subprocess.run(command, cwd=ROOT, check=True)
    return folder


def annotations() -> str:
    """The folder that holds google/api/annotations.proto: an isolated build has it on its path."""
    for folder in [*sys.path, sysconfig.get_path("purelib")]:
        if Path(folder, "google/api/annotations.proto").exists():
            return folder
    raise SystemExit("googleapis-common-protos is not installed")


stubs = ROOT if are_current() else make_stubs(HERE / "build/stubs")
setup(package_dir={"generation": os.path.relpath(stubs / "generation", HERE)})
