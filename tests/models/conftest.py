import os
from pathlib import Path

import pytest

from service.models.embedded import prepare


@pytest.fixture(scope="session")
def embedded() -> Path:
    """The converted embedded model, made once for the whole checkout."""
    return prepare(Path(os.environ.get("MODELS_DIR", "models")))
