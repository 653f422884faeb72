"""Reads the Markdown documents: their sections, code blocks, tables and links."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
SETUP = (ROOT / "SETUP.md").read_text()

FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]+\]\(([^)]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced code block."""

    language: str
    text: str


def blocks(document: str) -> list[Block]:
    """Every code block, in order."""
    return [Block(*match.groups()) for match in FENCE.finditer(document)]


def section(document: str, heading: str) -> str:
    """What stands under a heading, up to the next heading of its level or above."""
    level = re.escape(heading.split(" ")[0])
    match = re.search(
        rf"^{re.escape(heading)}\n(.*?)(?=^#{{1,{len(level) // 2}}} |\Z)", document, re.M | re.S
    )
    assert match is not None, f"no section {heading!r}"
    return match[1]


def commands(document: str) -> list[str]:
    """Every command of the shell blocks, with its continuation lines and without comments."""
    found: list[str] = []
    for block in blocks(document):
        if block.language == "bash":
            found += _split(block.text)
    return found


def _split(script: str) -> list[str]:
    """A command goes on while a line ends with a backslash or a quote is open."""
    found, open_ = [], ""
    for line in script.splitlines(keepends=True):
        open_ += line
        if not open_.rstrip("\n").endswith("\\") and open_.count("'") % 2 == 0:
            found.append(re.sub(r" {2,}#.*", "", open_).strip())
            open_ = ""
    assert not open_, f"an unfinished command: {open_}"
    return found


def rows(document: str, header: str) -> list[list[str]]:
    """The cells of every row of the tables with this header line."""
    found: list[list[str]] = []
    inside = False
    for line in document.splitlines():
        inside = line == header or (inside and line.startswith("|"))
        if inside and line != header and not line.startswith("|---"):
            found.append([cell.strip() for cell in line.strip("|").split("|")])
    assert found, f"no table {header!r}"
    return found


def code(cell: str) -> list[str]:
    """What stands between backticks."""
    return re.findall(r"`([^`]+)`", cell)


def anchors(document: str) -> set[str]:
    """The fragments of a document's headings, as Markdown viewers make them."""
    outside = FENCE.sub("", document)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in HEADING.findall(outside)}


def links(document: str) -> list[str]:
    """The targets of the links outside code blocks."""
    return LINK.findall(FENCE.sub("", document))
