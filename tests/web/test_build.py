"""What is served is what its sources give."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.web.browser import ROOT, need_npm

PAGES = ROOT / "rest_proxy" / "pages"
SOURCES = sorted(path for path in (ROOT / "web" / "src").rglob("*") if path.suffix in (".ts", ".tsx"))
MOST_LINES = 200


def test_a_new_build_equals_what_is_served(tmp_path: Path) -> None:
    need_npm()
    subprocess.run(["make", "web", f"PAGES={tmp_path}"], cwd=ROOT, check=True)
    built = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert {"app.css", "app.js", "icon.svg", "index.html", "licences.txt"} == set(built)
    for name, content in built.items():
        assert content == (PAGES / name).read_bytes(), f"{name}: run make web"


def test_the_page_pins_its_packages_and_names_the_licences_of_what_it_bundles() -> None:
    package = json.loads((ROOT / "web" / "package.json").read_text())
    versions = package["dependencies"] | package["devDependencies"]
    assert all(version[0].isdigit() for version in versions.values())
    licences = (PAGES / "licences.txt").read_text()
    assert all(name in licences for name in package["dependencies"])


@pytest.mark.parametrize("file", SOURCES, ids=lambda path: path.name)
def test_a_source_has_one_subject_and_at_most_200_lines(file: Path) -> None:
    text = file.read_text()
    assert text.startswith("/**"), "a file says in its first line what it is about"
    assert len(text.splitlines()) <= MOST_LINES
