"""`generate` as a process: pipes, Ctrl-C, a terminal."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

from tests.clients.terminal import on_a_terminal
from tests.faults.drops import Drops
from tests.grpc.images import EngineWatch
from tests.stack import Stack

GENERATE = str(Path(sys.executable).parent / "generate")
CAPITAL = "What is the capital of France?"
SMALL = ("image", "A cat", "--width=64", "--height=64", "--steps=20", "--seed=1")
PICTURE = "\x1bP"  # how sixels begin
# As on a terminal that has answered in time that it shows sixels.
WITH_PICTURES = """
from textual_image.renderable import SixelImage
from generation_client.cli import app, screen
screen.picture_kind = lambda: SixelImage
app.app()
"""


async def started(stack: Stack, folder: Path, *arguments: str) -> Process:
    environment = os.environ | {"GENERATION_SERVER": stack.grpc_address}
    return await asyncio.create_subprocess_exec(
        GENERATE,
        *arguments,
        cwd=folder,
        env=environment,
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        # Whoever runs the tests in the background has them, and what they start, ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


async def test_a_prompt_is_piped_in_and_the_text_piped_out(stack: Stack, tmp_path: Path) -> None:
    process = await started(stack, tmp_path, "text", "--temperature=0")
    output, errors = await process.communicate(CAPITAL.encode())
    assert (process.returncode, output, errors) == (0, b"The capital of France is Paris.\n", b"")


async def test_pieces_are_written_as_they_come_and_ctrl_c_cancels_on_the_server(
    stack: Stack, tmp_path: Path
) -> None:
    drops = await Drops.since_now(stack.service, most=2)
    process = await started(
        stack, tmp_path, "text", "Tell me a long story.", "--max-tokens=2000", "--repetition-penalty=2"
    )
    assert process.stdout is not None
    assert await process.stdout.read(4)
    assert process.returncode is None
    process.send_signal(signal.SIGINT)
    _, errors = await process.communicate()
    assert process.returncode == 130
    assert b"Traceback" not in errors
    await drops.all_within_a_step(1, seconds=30)


async def test_ctrl_c_while_painting_cancels_on_the_server_and_leaves_no_file(
    stack: Stack, tmp_path: Path
) -> None:
    watch = await EngineWatch.begin(stack.service)
    process = await started(stack, tmp_path, "image", "A cat", "--width=512", "--height=512", "--steps=150")
    await watch.until_steps(3)
    process.send_signal(signal.SIGINT)
    _, errors = await process.communicate()
    assert process.returncode == 130
    assert b"Traceback" not in errors
    await watch.all_dropped_within_a_step(1)
    assert list(tmp_path.iterdir()) == []


async def test_a_file_that_is_there_is_told_by_the_exit_code(stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "a-cat-1.png").touch()
    process = await started(stack, tmp_path, "image", "A cat", "--seed=1")
    _, errors = await process.communicate()
    assert (process.returncode, len(errors.splitlines())) == (5, 1)


async def test_a_chat_on_a_terminal_goes_on_until_the_end_of_input(stack: Stack, tmp_path: Path) -> None:
    environment = {"GENERATION_SERVER": stack.grpc_address, "TERM": "dumb"}
    command = (GENERATE, "chat", "--temperature=0")
    async with on_a_terminal(*command, folder=tmp_path, environment=environment) as terminal:
        await terminal.until("> ")
        terminal.type(f"{CAPITAL}\n")
        await terminal.until("tokens, seed")
        await terminal.until("> ")
        terminal.type("\x04")
        assert await terminal.end() == 0
        assert "The capital of France is Paris." in terminal.told


async def test_an_input_that_is_no_text_is_read_as_far_as_it_goes(stack: Stack, tmp_path: Path) -> None:
    process = await started(stack, tmp_path, "text", "--temperature=0", "--max-tokens=2")
    _, errors = await process.communicate(b"caf\xe9")
    assert (process.returncode, errors) == (0, b"")


async def test_a_bar_counts_the_steps_on_a_terminal_and_goes_when_all_is_done(
    stack: Stack, tmp_path: Path
) -> None:
    environment = {"GENERATION_SERVER": stack.grpc_address, "TERM": "xterm"}
    async with on_a_terminal(GENERATE, *SMALL, folder=tmp_path, environment=environment) as terminal:
        await terminal.until("painting")
        await terminal.until("/20")
        assert await terminal.end() == 0
        assert terminal.told.rstrip().endswith("a-cat-1.png")
        assert PICTURE not in terminal.told


async def test_previews_are_drawn_where_the_terminal_shows_pictures(stack: Stack, tmp_path: Path) -> None:
    environment = {"GENERATION_SERVER": stack.grpc_address, "TERM": "xterm"}
    command = (sys.executable, "-c", WITH_PICTURES, *SMALL)
    async with on_a_terminal(*command, folder=tmp_path, environment=environment) as terminal:
        await terminal.until(PICTURE)
        await terminal.until("/20")  # the bar goes on after the first preview
        await terminal.until(PICTURE)
        assert await terminal.end() == 0
        assert '"1;1;400;400#' in terminal.told
        assert (tmp_path / "a-cat-1.png").exists()
