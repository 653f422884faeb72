"""The rows of the list of faults, by their numbers: each has a test that says so in its name."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
OVER_SOCKETS = ("faults", "grpc", "rest")
# The numbers are those that tests carry: `test_fault_07_...` drives row 7.
ROWS = {1, 3, *range(7, 30), *range(31, 35), *range(37, 42)}


def test_every_row_has_a_test_of_its_number_over_a_real_socket() -> None:
    files = (path for folder in OVER_SOCKETS for path in (TESTS / folder).glob("test_*.py"))
    names = re.findall(r"def test_fault_(\d\d)_", "\n".join(path.read_text() for path in files))
    assert ROWS - {int(number) for number in names} == set()
