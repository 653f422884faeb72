"""The document as it was built."""

import json
from typing import Any

import pytest

from rest_proxy.render import OPENAPI


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    built: dict[str, Any] = json.loads(OPENAPI.read_text())
    return built
