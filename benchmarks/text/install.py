"""The peers that are not in this project's environment: each in its own under build/peers/, pinned."""

import os
import subprocess
import sys
from importlib.metadata import files
from pathlib import Path

from benchmarks.text.eight_bits import write_eight_bits
from service.models.catalogue import EMBEDDED, Wheel

BUILD = Path(__file__).resolve().parents[2] / "build" / "peers"
OPENVINO = "openvino-genai==2026.4.1.0"
LLAMACPP = "llama-cpp-python==0.3.36"
ENVIRONMENT = {"CMAKE_ARGS": "-DGGML_NATIVE=ON"}  # llama.cpp comes as source and is compiled for this machine


def python_with(name: str, requirement: str) -> str:
    """The Python of an environment that has this; made where it is not there.

    Raises RuntimeError, with the last line of pip's output, if it cannot be installed.
    """
    folder = BUILD / name
    python, stamp = folder / "bin" / "python", folder / f".{requirement}"
    if not stamp.exists():
        print(f"Installing {requirement} into {folder}")
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--quiet", requirement]
        done = subprocess.run(
            command, env=ENVIRONMENT | os.environ, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError((done.stderr.strip().splitlines() or ["pip failed"])[-1])
        stamp.touch()
    return str(python)


def gguf(name: str, bits: int) -> Path:
    """The embedded model's GGUF, of 4 bits as it comes or of 8, in a folder that a peer may write into."""
    source = EMBEDDED.source
    assert isinstance(source, Wheel)
    found = next(file for file in files(source.distribution) or () if file.suffix == source.suffix)
    path, link = Path(str(found.locate())).resolve(), BUILD / f"{name}-{bits}-bits" / "model.gguf"
    if bits == 8:
        original, path = path, BUILD / "8-bits.gguf"
        write_eight_bits(original, path)
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(path)
    return link
