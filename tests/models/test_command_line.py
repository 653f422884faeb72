from pathlib import Path

import pytest

from service.models.__main__ import main
from service.models.catalogue import EMBEDDED, PICTUREBOOK
from tests.models.folders import text_model


def test_list_shows_states_and_the_choice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text_model(tmp_path / EMBEDDED.name)
    text_model(tmp_path / "mine", architectures=["Other"])
    assert main(["list", "--models-dir", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:3] == [EMBEDDED.name, "text", "ready"]
    assert lines[1].split()[:3] == [PICTUREBOOK.name, "image", "ready"]
    assert "-m service.models fetch mistral-7b-instruct-v0.1" in lines[2]
    assert "refused: mine has the architecture ['Other']" in lines[4]
    assert lines[5].startswith(f"served: {EMBEDDED.name}")


def test_list_of_an_empty_folder_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--models-dir", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith(f"error: {EMBEDDED.name} is not in")


def test_prepare_of_what_is_there_says_nothing(embedded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prepare", "--models-dir", str(embedded.parent)]) == 0
    assert capsys.readouterr() == ("", "")


def test_fault_30_prepare_fails_with_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert main(["prepare", "--models-dir", str(tmp_path / "file")]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: cannot write to")
    assert error.count("\n") == 1


def test_fetch_of_an_unknown_name_lists_what_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fetch", "gpt"]) == 1
    assert (
        "unknown model gpt; known are smollm2-135m-instruct, picturebook-12m, mistral"
        in capsys.readouterr().err
    )
