"""What surrounds generation: health, reflection, models, styles, error details."""

from __future__ import annotations  # the async stub exists for type checkers only

from typing import TYPE_CHECKING

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_status import rpc_status

from generation.v1 import generation_pb2 as pb
from service.health import SERVICE
from tests.stack import MODELS_DIR, Stack

if TYPE_CHECKING:
    from generation.v1.generation_pb2_grpc import GenerationAsyncStub


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("", "SERVING"),
        (SERVICE, "SERVING"),
        (f"{SERVICE}/text", "SERVING"),
        (f"{SERVICE}/image", "SERVING"),
        ("unknown", "NOT_FOUND"),
    ],
)
async def test_health_tells_the_service_and_each_modality(stack: Stack, name: str, status: str) -> None:
    assert await stack.service.health(name) == status


async def test_get_health_tells_where_models_compute_and_lie(generation: GenerationAsyncStub) -> None:
    health = await generation.GetHealth(pb.GetHealthRequest())
    assert (health.status, health.models_dir) == ("ok", str(MODELS_DIR))
    assert health.device in ("cpu", "cuda")


async def test_reflection_lists_the_service(channel: grpc.aio.Channel) -> None:
    ask = reflection_pb2.ServerReflectionRequest(list_services="")
    call = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo(iter([ask]))
    names = {
        service.name for answer in [await call.read()] for service in answer.list_services_response.service
    }
    assert {SERVICE, "grpc.health.v1.Health"} <= names


async def test_models_are_listed_with_their_limits(generation: GenerationAsyncStub) -> None:
    model, painter = (await generation.ListModels(pb.ListModelsRequest())).models
    assert (model.modality, model.state, painter.modality, painter.state) == (
        "text",
        "ready",
        "image",
        "ready",
    )
    assert (model.context_tokens, model.max_pixels, model.max_frame_pixels) == (4096, 0, 0)
    assert (painter.context_tokens, painter.max_pixels, painter.max_frame_pixels) == (
        0,
        1_572_864,
        16_777_216,
    )
    assert painter.max_waiting == model.max_waiting == 64
    answer = await generation.GenerateText(
        pb.GenerateTextRequest(prompt="Hi", model=model.name, max_tokens=1)
    )
    assert answer.completion_tokens == 1


async def test_styles_are_listed_with_the_default_first(generation: GenerationAsyncStub) -> None:
    styles = (await generation.ListStyles(pb.ListStylesRequest())).styles
    assert styles[0].name == "realistic"
    assert {"none", "pixel-art", "watercolor"} <= {style.name for style in styles}
    assert all("{prompt}" in style.prompt for style in styles)


async def test_errors_carry_details_for_programs(generation: GenerationAsyncStub) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await generation.GenerateText(pb.GenerateTextRequest(prompt="x", temperature=3, top_p=2))
    status = rpc_status.from_call(failed.value)
    bad, info = error_details_pb2.BadRequest(), error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(bad)
    assert status.details[1].Unpack(info)
    assert [violation.field for violation in bad.field_violations] == ["temperature", "top_p"]
    assert (info.domain, info.reason) == ("generation.v1", "INVALID_ARGUMENT")
    assert info.metadata["request_id"]


async def test_a_call_counts_under_its_true_code(stack: Stack, generation: GenerationAsyncStub) -> None:
    sample = r'generation_calls_total\{code="INVALID_ARGUMENT",method="GenerateText"\}'
    before = await stack.service.metric(sample)
    with pytest.raises(grpc.aio.AioRpcError):
        await generation.GenerateText(pb.GenerateTextRequest(prompt=""))
    assert await stack.service.metric(sample) == before + 1


async def test_the_service_holds_no_model_and_no_torch(stack: Stack) -> None:
    with open(f"/proc/{stack.service.process.pid}/maps") as maps:
        assert "libtorch" not in maps.read()
