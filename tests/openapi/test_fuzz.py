"""Requests made up from the document, right and wrong ones: no answer that it does not describe, and no 500.

About a hundred and always the same, or as many new ones as are asked for:

    OPENAPI_CASES=2000 .venv/bin/pytest tests/openapi/test_fuzz.py -rP -p no:randomly
"""

import os
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok
from schemathesis.specs.openapi import checks

from rest_proxy.render import OPENAPI
from tests.stack import Stack, running_stack

CASES = int(os.environ.get("OPENAPI_CASES", "110"))
API = schemathesis.openapi.from_path(OPENAPI)
OPERATIONS = {found.ok().label: found.ok() for found in API.get_all_operations() if isinstance(found, Ok)}
CHECKS = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
SMALL = {"max_pixels": 4096, "max_frame_pixels": 8192, "context_tokens": 64, "deadline_s": 5}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def small_stack(tmp_path_factory: pytest.TempPathFactory, image_model: Path) -> AsyncIterator[Stack]:
    """A stack whose limits are so low that whatever it accepts is done soon."""
    folder = tmp_path_factory.mktemp("small-stack")
    async with running_stack(folder, image_model=str(image_model), **SMALL) as stack:
        yield stack


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("label", OPERATIONS)
def test_every_answer_is_described_and_none_is_a_500(small_stack: Stack, label: str) -> None:
    operation = OPERATIONS[label]
    right = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    wrong = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    statuses: Counter[int] = Counter()

    @settings(
        max_examples=CASES // len(OPERATIONS),
        deadline=None,
        derandomize="OPENAPI_CASES" not in os.environ,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=right | wrong)
    def send(case: Case[Any]) -> None:
        response = case.call(base_url=small_stack.rest_url, timeout=60)
        statuses[response.status_code] += 1
        assert response.status_code != 500, response.text[:1000]
        case.validate_response(response, checks=CHECKS)

    send()
    print(label, dict(statuses))
