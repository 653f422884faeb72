"""A copy of the repository's root in which the README's commands run as printed, but for the ports."""

import asyncio
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.docs.documents import ROOT
from tests.stack import Stack

LIMIT_S = 150


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    code: int
    output: str
    errors: str


class Workplace:
    """A folder with the examples, the proto, the generated code and the environment of these tests."""

    def __init__(self, folder: Path, stack: Stack) -> None:
        self.folder = folder
        self._addresses = {
            "localhost:50051": stack.grpc_address,
            "http://localhost:8000": stack.rest_urls[0],
            "http://localhost:3000": stack.rest_urls[1],
        }
        for name in ("protos", "generation"):
            (folder / name).symlink_to(ROOT / name)
        (folder / ".venv").symlink_to(sys.prefix)
        shutil.copytree(ROOT / "examples", folder / "examples", ignore=shutil.ignore_patterns("node_modules"))
        for path in [*(folder / "examples").rglob("text.*"), *(folder / "examples").rglob("rest.*")]:
            path.write_text(self.moved(path.read_text()))

    def moved(self, text: str) -> str:
        """A text with the addresses of the running stack in the place of the printed ones."""
        for printed, actual in self._addresses.items():
            text = text.replace(printed, actual)
        return text

    async def run(self, command: str) -> Result:
        """Runs a printed command. Its own timeout is well above what any example takes."""
        process = await asyncio.create_subprocess_exec(
            "bash",
            "-c",
            self.moved(command),
            cwd=self.folder,
            stdout=-1,
            stderr=-1,
            env=_environment(command) | {"GENERATION_SERVER": self.moved("localhost:50051")},
        )
        try:
            output, errors = await asyncio.wait_for(process.communicate(), LIMIT_S)
        except TimeoutError:
            process.kill()
            raise
        return Result(await process.wait(), output.decode(), errors.decode())


def _environment(command: str) -> dict[str, str]:
    """Proxies are for the package registry and never for loopback."""
    if command.startswith("npm"):
        return dict(os.environ)
    return {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
