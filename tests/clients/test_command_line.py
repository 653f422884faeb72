"""The command line on the real service: what is printed, which files are made, how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from generation_client import Client
from generation_client.cli.app import app
from generation_client.cli.text import harmless
from typer.testing import CliRunner

from service.models.catalogue import PICTUREBOOK
from tests.clients.conftest import Generate
from tests.ports import free_ports

CAPITAL = "What is the capital of France?"
PARIS = "The capital of France is Paris."


def test_a_text_is_printed(generate: Generate) -> None:
    result = generate("text", CAPITAL, "--temperature=0")
    assert (result.exit_code, result.stdout) == (0, f"{PARIS}\n")


@pytest.mark.parametrize("arguments", [("-",), ()])
def test_the_prompt_comes_through_standard_input(generate: Generate, arguments: tuple[str, ...]) -> None:
    assert generate("text", *arguments, "--temperature=0", stdin=CAPITAL).stdout == f"{PARIS}\n"
    assert generate("chat", *arguments, "--temperature=0", stdin=CAPITAL).stdout == f"{PARIS}\n"


def test_json_has_the_counts_and_the_seed(generate: Generate) -> None:
    result = generate("text", CAPITAL, "--temperature=0", "--seed=7", "--json")
    answer = json.loads(result.stdout)
    assert answer.pop("prompt_tokens") > 8
    assert answer == {"text": PARIS, "finish_reason": "stop", "completion_tokens": 8, "seed": 7}


def test_every_option_of_a_text_reaches_the_service(generate: Generate, client: Client) -> None:
    expected = client.text(
        "Count.",
        max_tokens=9,
        top_k=5,
        top_p=0.5,
        min_p=0.01,
        repetition_penalty=1.2,
        stop=["7", "8"],
        seed=3,
    )
    result = generate(
        *("text", "Count.", "--max-tokens=9", "--top-k=5", "--top-p=0.5", "--min-p=0.01"),
        *("--repetition-penalty=1.2", "--stop=7", "--stop=8", "--seed=3"),
    )
    assert result.stdout == expected.text + "\n"


def test_what_is_served_is_listed(generate: Generate) -> None:
    assert PICTUREBOOK.name in generate("models").stdout
    assert "realistic" in generate("styles").stdout
    assert generate("health").stdout.startswith("ok, on cpu")
    models = json.loads(generate("models", "--json").stdout)["models"]
    assert [model["modality"] for model in models] == ["text", "image"]
    assert json.loads(generate("styles", "--json").stdout)["styles"][0]["name"] == "realistic"
    assert json.loads(generate("health", "--json").stdout)["status"] == "ok"


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("text", "Hello", "--temperature=3"), "temperature"),
        (("image", "A cat", "--width=63"), "width"),
        (("frames", "A cat", "--num-frames=0"), "num_frames"),
        (("text", " "), "prompt"),
        (("text", "Hello", "--max-tokens=99999999999"), "max_tokens"),
    ],
)
def test_an_error_names_the_field_in_a_line_or_two(
    generate: Generate, arguments: tuple[str, ...], field: str
) -> None:
    result = generate(*arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"error: {field}: ")
    assert len(result.stderr.splitlines()) <= 2
    assert list(Path().iterdir()) == []


def test_an_error_in_json_has_the_fields_apart(generate: Generate) -> None:
    result = generate("image", "A cat", "--width=63", "--json")
    error = json.loads(result.stderr)
    assert (result.exit_code, error["code"], list(error["fields"])) == (2, "INVALID_ARGUMENT", ["width"])


def test_an_unknown_model_is_told_with_exit_code_2(generate: Generate) -> None:
    assert generate("text", "Hello", "--model=no-such-model").exit_code == 2


def test_a_timeout_ends_with_exit_code_4(generate: Generate) -> None:
    assert generate("image", "A cat", "--steps=150", "--timeout=0.5").exit_code == 4


def test_a_service_that_is_not_there_is_exit_code_3(generate: Generate) -> None:
    (port,) = free_ports(1)
    result = generate("health", f"--server=127.0.0.1:{port}")
    assert result.exit_code == 3
    assert "--server" in result.stderr


def test_the_shell_completes_the_styles_of_the_service(
    generate: Generate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_GENERATE_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "generate image --style real")
    monkeypatch.setenv("COMP_CWORD", "3")
    result = CliRunner().invoke(app, [], prog_name="generate")
    assert result.stdout.split() == ["realistic"]


def test_help_has_the_ranges_of_the_contract_and_the_exit_codes(
    generate: Generate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    told = " ".join(generate("image", "--help").stdout.split())
    assert "Denoising steps, 1 to 150" in told
    assert "Unset: 7.5" in told
    assert "130 Ctrl-C" in told


def test_what_would_command_the_terminal_is_left_out() -> None:
    assert harmless("Hé\x1b[2J\tthere\n\x07🌊") == "Hé[2J\tthere\n🌊"
