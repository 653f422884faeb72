"""The house rules that a machine can check."""

import ast
import statistics
from pathlib import Path

import pytest

PACKAGES = ("service", "rest_proxy", "launcher", "benchmarks", "clients")
FILES = [file for package in PACKAGES for file in sorted(Path(package).rglob("*.py"))]
MOST_LINES = 200
MEDIAN_LINES = 12


def imported(file: Path) -> set[str]:
    """The top-level packages that a file names in its imports."""
    nodes = list(ast.walk(ast.parse(file.read_text())))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)]
    return {name.split(".")[0] for name in names}


def functions(file: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(file.read_text())
    return [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


@pytest.mark.parametrize("file", FILES, ids=str)
def test_a_file_has_one_subject_and_at_most_200_lines(file: Path) -> None:
    text = file.read_text()
    assert ast.get_docstring(ast.parse(text)), "a file says in its first line what it is about"
    assert len(text.splitlines()) <= MOST_LINES


def test_the_median_function_is_shorter_than_12_lines() -> None:
    lengths = [
        (node.end_lineno or node.lineno) - node.lineno + 1 for file in FILES for node in functions(file)
    ]
    assert statistics.median(lengths) < MEDIAN_LINES


@pytest.mark.parametrize(
    "file", [file for file in FILES if file.parts[0] in ("service", "launcher")], ids=str
)
def test_only_what_runs_in_an_engine_imports_torch_or_transformers(file: Path) -> None:
    if not file.as_posix().startswith(("service/pipelines/", "service/models/convert.py")):
        assert imported(file).isdisjoint({"torch", "transformers"})
