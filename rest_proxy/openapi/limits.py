"""Ranges, lengths and defaults, read from what a field's comment says in the contract's own phrases.

    0 to 2    above 0 to 1    0 (all of them) and up    1 up to what ...     a range
    a multiple of 8                                                          a step
    at most 10000 characters    Not blank    At most 16 strings of 1 to 256 characters
    Unset: 0.7.    Unset: "realistic".                                       a default

Whatever is said in other words stays in the description alone.
"""

import json
import re
from typing import Any

NUMBER = r"\d+(?:\.\d+)?"
RANGE = re.compile(
    rf"(?P<above>above )?\b(?P<least>{NUMBER})(?: \([^)]*\))? (?:to (?P<most>{NUMBER})|and up|up to)\b"
)
MULTIPLE = re.compile(rf"a multiple of ({NUMBER})\b")
LENGTH = re.compile(r"at most (\d+) characters")
STRINGS = re.compile(r"[Aa]t most (\d+) strings of (\d+) to (\d+) characters")
DEFAULT = re.compile(rf"\bUnset: ({NUMBER}|\"[^\"]*\")\.(?:\s|$)")


def of_number(comment: str) -> dict[str, Any]:
    """The keywords of a number's schema."""
    found: dict[str, Any] = {}
    if span := RANGE.search(comment):
        found["exclusiveMinimum" if span["above"] else "minimum"] = json.loads(span["least"])
        if span["most"]:
            found["maximum"] = json.loads(span["most"])
    if multiple := MULTIPLE.search(comment):
        found["multipleOf"] = json.loads(multiple[1])
    return found


def of_string(comment: str) -> dict[str, Any]:
    """The keywords of a string's schema."""
    found: dict[str, Any] = {}
    if "Not blank" in comment:
        found["pattern"] = r"\S"
    if length := LENGTH.search(comment):
        found["maxLength"] = int(length[1])
    return found


def of_strings(comment: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The keywords of the schema of a list of strings, and those of its items."""
    if found := STRINGS.search(comment):
        most, shortest, longest = map(int, found.groups())
        return {"maxItems": most}, {"minLength": shortest, "maxLength": longest}
    return {}, {}


def default(comment: str) -> dict[str, Any]:
    """The default as a keyword, if it is a value."""
    found = DEFAULT.search(comment)
    return {"default": json.loads(found[1])} if found else {}
