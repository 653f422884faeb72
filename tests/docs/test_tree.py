"""The README's tree has a line for every file."""

import re
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from tests.docs.documents import README, ROOT, blocks, section

ONE_LINE_A_FOLDER = ("tests/", "service/models/")
LINE = re.compile(r"^((?:  )*)(\S+)(?: +(\S.*))?$")


def files_on_disk() -> set[str]:
    """What git tracks or would track."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: what belongs to the project is git's to tell")
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return {path for path in output.splitlines() if (ROOT / path).is_file()}


def tree() -> Iterator[tuple[str, str]]:
    """The path and the description of every line of the tree."""
    folders: list[str] = []
    for line in blocks(section(README, "## Every file"))[0].text.splitlines():
        match = LINE.match(line)
        assert match is not None, f"not a line of a tree: {line!r}"
        indent, name, about = match.groups()
        del folders[len(indent) // 2 :]
        assert len(folders) == len(indent) // 2, f"{name} stands too deep"
        yield "".join(folders) + name, about or ""
        if name.endswith("/"):
            folders.append(name)


def summarised(path: str, folders: set[str]) -> str:
    """The line that stands for a file: its own, or that of a folder of tests or of a checkpoint."""
    above = next((above for above in ONE_LINE_A_FOLDER if path.startswith(above)), None)
    if above is None:
        return path
    folder = f"{above}{path.removeprefix(above).split('/')[0]}/"
    return folder if folder in folders else path


def test_the_tree_equals_the_disk() -> None:
    lines = [path for path, _ in tree()]
    folders = {path for path in lines if path.endswith("/")}
    parents = {
        folder for folder in folders if any(path != folder and path.startswith(folder) for path in lines)
    }
    on_disk = {summarised(path, folders - parents) for path in files_on_disk()}
    assert len(lines) == len(set(lines)), "a line stands twice"
    assert sorted(set(lines) - parents) == sorted(on_disk)


def test_every_file_of_the_tree_is_described() -> None:
    bare = [path for path, about in tree() if not about and not path.endswith("/")]
    assert not bare
