"""A headless Chromium, driven over a pipe by the scenarios beside this file."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CHROMIUM = "/usr/bin/chromium"


def need_npm() -> None:
    """Skips where the page's packages cannot be had; gets them where they are not there yet."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.skip(f"not on PATH: {program}")
    fetch_packages()


def fetch_packages() -> None:
    """What the page is built with and tested by, unless it is there."""
    subprocess.run(["make", "web/node_modules/.package-lock.json"], cwd=ROOT, check=True)


def need_chromium() -> None:
    """Skips where Debian's Chromium is not installed."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no {CHROMIUM}: apt-get install chromium")


class Browser:
    """Plays scenarios, one after another, each in a fresh profile."""

    def __init__(self, process: asyncio.subprocess.Process, url: str) -> None:
        self._process = process
        self.url = url

    async def play(self, scenario: str, **given: object) -> Any:  # noqa: ANN401 - each sees something else
        """What a scenario saw. It may ask no other host, and nothing may reach the console as an error."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps({"scenario": scenario, **given}).encode() + b"\n")
        seen = json.loads(await stdout.readline())
        assert "failed" not in seen, f"{seen.get('failed')}\n{seen['problems']}"
        elsewhere = [url for url in seen["requests"] if not url.startswith((self.url, f"blob:{self.url}"))]
        assert elsewhere == []
        assert seen["problems"] == []
        return seen.get("value")


@asynccontextmanager
async def running_browser(url: str) -> AsyncIterator[Browser]:
    """Chromium with the page of a stack; nothing of it stays."""
    process = await asyncio.create_subprocess_exec(
        *("node", str(HERE / "browser.mjs"), CHROMIUM, url),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 24,
    )
    assert process.stdin is not None
    try:
        yield Browser(process, url)
    finally:
        process.stdin.close()
        await asyncio.wait_for(process.wait(), 30)


async def output_of(*command: str, folder: Path = ROOT) -> str:
    """What a command prints that was copied from the page, run in a folder."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, cwd=folder, env=environment, limit=1 << 24
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    return output.decode()
