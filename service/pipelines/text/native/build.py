"""Compiles the forward pass for this processor, once; the result is kept in the user's cache folder."""

import ctypes
import hashlib
import logging
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
OPTIONS = ("-std=c++17", "-O3", "-march=native", "-ffp-contract=off", "-pthread", "-shared", "-fPIC")
_log = logging.getLogger(__name__)


@cache
def library() -> ctypes.CDLL | None:
    """The compiled code, or None where there is no compiler or it cannot compile this here."""
    compiler = shutil.which(os.environ.get("CXX", "g++"))
    if compiler is None:
        _log.warning("no C++ compiler (g++): text in int8 is computed by torch, more slowly")
        return None
    try:
        return ctypes.CDLL(str(_compiled(compiler)))
    except (OSError, subprocess.SubprocessError) as error:
        told = error.stderr if isinstance(error, subprocess.CalledProcessError) else error
        _log.warning("%s cannot compile the forward pass, torch computes it instead: %s", compiler, told)
        return None


def _compiled(compiler: str) -> Path:
    """The library's file. A processor, compiler or source of another kind has one of its own."""
    path = _folder() / f"forward-{_fingerprint(compiler)}.so"
    if not path.exists():
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            made = Path(folder) / path.name
            command = [compiler, *OPTIONS, "-o", str(made), str(HERE / "forward.cpp")]
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
            made.replace(path)  # two engines may compile at the same time: each file is whole
    return path


def _folder() -> Path:
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "generation-service"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        folder = Path(tempfile.gettempdir()) / f"generation-service-{os.getuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.stat().st_uid != os.getuid():
            raise OSError(f"{folder} belongs to somebody else") from None
    return folder


def _fingerprint(compiler: str) -> str:
    version = subprocess.run([compiler, "--version"], check=True, capture_output=True, timeout=60).stdout
    sources = [path.read_bytes() for path in sorted(HERE.iterdir()) if path.suffix in (".cpp", ".h")]
    digest = hashlib.sha256(b"\0".join([version, _processor(), " ".join(OPTIONS).encode(), *sources]))
    return digest.hexdigest()[:16]


def _processor() -> bytes:
    lines = Path("/proc/cpuinfo").read_bytes().splitlines()
    return b"\n".join(dict.fromkeys(line for line in lines if line.startswith((b"flags", b"model name"))))
