"""The README's tables say what the code says."""

from __future__ import annotations  # the async stub exists for type checkers only

import json
from typing import Any

import grpc
import httpx
import pytest
from google.api import annotations_pb2  # type: ignore[import-untyped]
from google.protobuf.descriptor import MethodDescriptor
from google.rpc import status_pb2
from pydantic.fields import FieldInfo

from generation.v1 import generation_pb2 as pb
from generation.v1 import generation_pb2_grpc
from launcher.config import LaunchSettings
from service import errors
from service.config import Settings
from service.models.catalogue import CATALOGUE, GIB, MB
from tests.docs.documents import README, code, rows
from tests.stack import Stack

LARGEST_MESSAGE: int = Settings.model_fields["max_message_bytes"].default
SETTINGS = "| Flag | Environment | Default | Meaning |"
STATUSES = "| REST | gRPC | Details | When |"
ERRORS = [
    errors.InvalidArgument([errors.Violation("prompt", "is blank")]),
    errors.NotFound("model"),
    errors.Overloaded("full", retry_after=1),
    errors.EngineError("failed"),
    errors.OutOfMemory("does not fit"),
    errors.Unavailable("loading", retry_after=1),
    errors.DeadlineExceeded("passed"),
]


def setting_row(name: str, field: FieldInfo) -> list[str]:
    default = field.default
    text = default if isinstance(default, str) else json.dumps(default, separators=(",", ":")).strip("[]")
    flag = name.replace("_", "-")
    return [f"`--{flag}`", f"`GENERATION_{name.upper()}`", f"`{text}`", field.description or ""]


def test_the_configuration_tables_equal_the_settings() -> None:
    fields = LaunchSettings.model_fields
    ordered = [*Settings.model_fields, *(name for name in fields if name not in Settings.model_fields)]
    assert rows(README, SETTINGS) == [setting_row(name, fields[name]) for name in ordered]


def call_row(method: MethodDescriptor) -> tuple[str, str, str, bool]:
    rule: Any = method.GetOptions().Extensions[annotations_pb2.http]
    route = f"POST {rule.post}" if rule.post else f"GET {rule.get}"
    return method.name, route, method.output_type.name, method.server_streaming


def test_the_table_of_calls_equals_the_contract() -> None:
    written = [
        (code(rpc)[0], code(route)[0], code(answer)[0], answer.startswith("stream of"))
        for rpc, route, answer in rows(README, "| RPC | REST | Answers |")
    ]
    methods = pb.DESCRIPTOR.services_by_name["Generation"].methods
    assert written == [call_row(method) for method in methods]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code.name)
def test_an_error_has_the_details_that_the_table_lists(error: errors.ServiceError) -> None:
    status: status_pb2.Status = errors.to_status(error, "id")
    details = [detail.type_url.rpartition(".")[2] for detail in status.details]
    table = rows(README, STATUSES)
    assert details in [code(row[2]) for row in table if code(row[1]) == [error.code.name]]


REFUSED: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {
    "400": ("/text/generate", {"prompt": ""}, {}),
    "404": ("/text/generate", {"prompt": "a", "model": "none"}, {}),
    "413": ("/text/generate", {"prompt": "a" * (33 << 20)}, {}),
    "504": ("/text/generate", {"prompt": "a"}, {"grpc-timeout": "1m"}),
}


@pytest.mark.parametrize("status", REFUSED)
async def test_a_refused_call_has_the_status_that_the_table_lists(stack: Stack, status: str) -> None:
    path, body, headers = REFUSED[status]
    async with httpx.AsyncClient(base_url=stack.rest_url, timeout=60, trust_env=False) as client:
        try:
            response = await client.post(path, json=body, headers=headers)
        except (httpx.WriteError, httpx.ReadError):
            assert status == "413", "only a large body may see the closed connection instead"
            return
    assert str(response.status_code) == status
    assert list(response.json()) == ["detail"]
    assert status in [row[0] for row in rows(README, STATUSES)]


async def test_a_large_message_is_refused_with_the_code_that_the_table_lists(
    channel: grpc.aio.Channel,
) -> None:
    call: Any = channel.unary_unary("/generation.v1.Generation/EditImage")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call(b"x" * (LARGEST_MESSAGE + 1))
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_every_health_name_answers_what_the_table_says(stack: Stack) -> None:
    for names, _ in rows(README, "| Health name | SERVING |"):
        for name in [*code(names), *([""] if "(empty)" in names else [])]:
            assert await stack.service.health(name) == "SERVING", name


async def test_every_metric_of_the_table_is_served(
    stack: Stack, generation: generation_pb2_grpc.GenerationAsyncStub
) -> None:
    await generation.GetHealth(pb.GetHealthRequest())  # counts by method begin with a call
    async with httpx.AsyncClient(trust_env=False) as client:
        page = await client.get(f"http://127.0.0.1:{stack.service.metrics_port}/metrics")
    names = [name for row in rows(README, "| Metric | Counts |") for name in code(row[0])]
    assert [name for name in names if f"\n{name}" not in page.text] == []


def test_the_table_of_models_equals_the_catalogue() -> None:
    table = rows(README, "| Name | Makes | Weights | GPU | Licence | Comes with |")
    assert [row[:5] for row in table] == [
        [
            f"`{model.name}`",
            model.modality,
            f"{model.disk_bytes / 1e9:.1f} GB" if model.disk_bytes >= 1e8 else f"{model.disk_bytes // MB} MB",
            f"{model.gpu_bytes // GIB} GiB" if model.gpu_bytes else "none needed",
            model.licence,
        ]
        for model in CATALOGUE.values()
    ]
