"""What the documents refer to exists: pages, headings, targets, modules, flags."""

import argparse
import re
from pathlib import Path
from typing import Any

import pytest
import typer.main
from generation_client.cli.app import app
from pydantic_settings import CliApp

from launcher.config import LaunchSettings
from rest_proxy.__main__ import parse
from tests.docs.documents import README, ROOT, SETUP, anchors, commands, links

DOCUMENTS = {"README.md": README, "SETUP.md": SETUP}
# A first word of a line of shell, and what else may stand there: everything else is a typing error.
PROGRAMS = {
    "make",
    "curl",
    "npm",
    "node",
    "grpcurl",
    ".venv/bin/generate",
    "build/cpp/text",
    "examples/cpp/build.sh",
    "sudo",
    "python3",
    "PYTHONPATH=.",
    ".venv/bin/pip",
    ".venv/bin/python",
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_leads_somewhere(name: str) -> None:
    for link in links(DOCUMENTS[name]):
        target, _, fragment = link.partition("#")
        if "://" in target:
            continue
        path = ROOT / (target or name)
        assert path.exists(), link
        assert not fragment or fragment in anchors(path.read_text()), link


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_make_target_and_module_of_a_command_exists(name: str) -> None:
    makefile = (ROOT / "Makefile").read_text()
    for command in commands(DOCUMENTS[name]):
        assert command.split()[0] in PROGRAMS, command
        if command.startswith("make "):
            assert re.search(rf"^{command.split()[1]}:", makefile, re.MULTILINE), command
        for module in re.findall(r"-m ([\w.]+)", command):
            assert module == "venv" or Path(ROOT, *module.split("."), "__main__.py").exists(), command


def known_flags() -> set[str]:
    """The flags of launcher, service, rest_proxy, service.models and generate, and --help."""
    flags = {f"--{name.replace('_', '-')}" for name in LaunchSettings.model_fields}
    proxy = {f"--{name.replace('_', '-')}" for name in vars(parse([]))}
    return flags.union(proxy, *generate_flags().values(), {"--help", "--models-dir"})


def generate_flags() -> dict[str, set[str]]:
    """The flags of each command of generate, and under "" its own."""
    group: Any = typer.main.get_command(app)
    commands = {"": group, **group.commands}
    return {name: {flag for param in commands[name].params for flag in param.opts} for name in commands}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_flag_of_ours_exists(name: str) -> None:
    ours = [
        command for command in commands(DOCUMENTS[name]) if command.startswith(("make", ".venv/bin/python"))
    ]
    in_text = re.findall(r"`(--[a-z-]+)", DOCUMENTS[name])
    used = {flag for command in ours for flag in re.findall(r"(?<![\w-])--[a-z-]+", command)}
    assert sorted((used | set(in_text)) - known_flags()) == []


def test_the_commands_of_generate_take_the_flags_that_are_printed() -> None:
    flags = generate_flags()
    printed = [command.split() for command in commands(README) if command.startswith(".venv/bin/generate")]
    assert printed
    for _, name, *arguments in printed:
        assert {one for one in arguments if one.startswith("--")} <= flags[name], name


def test_the_flags_in_the_arguments_of_make_run_are_accepted() -> None:
    for command in commands(README) + commands(SETUP):
        if command.startswith("make run") and (found := re.search(r'ARGS="([^"]*)"', command)):
            CliApp.run(LaunchSettings, cli_args=found[1].split())


def test_the_proxy_takes_the_upstream_that_setup_gives_it() -> None:
    (command,) = [command for command in commands(SETUP) if "-m rest_proxy" in command]
    options: argparse.Namespace = parse(command.split("rest_proxy ")[1].split())
    assert options.upstream == "127.0.0.1:50051"
