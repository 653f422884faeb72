"""Wrong values, thrown at the real service: each is refused by the name of its field."""

from __future__ import annotations  # the async stub exists for type checkers only

import math
from typing import TYPE_CHECKING

import pytest

from generation.v1 import generation_pb2 as pb
from tests.faults.pictures import paint
from tests.faults.refusals import EDIT, FRAMES, PICTURES, SIZED, TEXT, request, wrong_fields
from tests.stack import Stack

if TYPE_CHECKING:
    from generation.v1.generation_pb2_grpc import GenerationAsyncStub

INT_MAX, INT_MIN = 2**31 - 1, -(2**31)
NO_NUMBERS = [math.nan, math.inf, -math.inf]


@pytest.mark.parametrize("method", TEXT)
@pytest.mark.parametrize("value", [*NO_NUMBERS, -0.01, -1e30, 2.01, 1e30])
async def test_fault_13_a_wrong_temperature(
    generation: GenerationAsyncStub, method: str, value: float
) -> None:
    told = {"temperature": f"got {value:g}, takes 0 to 2"}
    assert await wrong_fields(generation, method, temperature=value) == told


@pytest.mark.parametrize("method", TEXT)
@pytest.mark.parametrize("value", [*NO_NUMBERS, -0.01, 1.01, 1e30])
async def test_fault_14_a_wrong_top_p(generation: GenerationAsyncStub, method: str, value: float) -> None:
    told = f"got {value:g}, takes 0 to 1"
    found = await wrong_fields(generation, method, top_p=value, min_p=value)
    assert found == {"top_p": told, "min_p": told}


async def test_fault_14_a_top_p_of_0_keeps_only_the_likeliest_token(generation: GenerationAsyncStub) -> None:
    asked = {"prompt": "Name three birds.", "max_tokens": 12, "seed": 4}
    greedy = await generation.GenerateText(pb.GenerateTextRequest(**asked, temperature=0))  # type: ignore[arg-type]
    narrow = await generation.GenerateText(pb.GenerateTextRequest(**asked, temperature=2, top_p=0))  # type: ignore[arg-type]
    assert narrow.text == greedy.text


@pytest.mark.parametrize("method", TEXT)
@pytest.mark.parametrize("value", [0, -1, INT_MIN, 4097, INT_MAX])
async def test_fault_15_wrong_max_tokens(generation: GenerationAsyncStub, method: str, value: int) -> None:
    found = await wrong_fields(generation, method, max_tokens=value)
    assert found == {"max_tokens": f"got {value}, takes 1 to 4096, the context, less the prompt's tokens"}


async def test_fault_16_prompt_and_answer_have_to_fit_the_context(
    stack: Stack, generation: GenerationAsyncStub
) -> None:
    models = (await generation.ListModels(pb.ListModelsRequest())).models
    (model,) = (model for model in models if model.modality == "text")
    asked = pb.GenerateTextRequest(prompt="a cat", max_tokens=1)
    left = model.context_tokens - (await generation.GenerateText(asked)).prompt_tokens
    work = r'generation_prompt_tokens_total|generation_engine_steps_total\{engine="text"\}'
    before = await stack.service.metric(work)
    for method in TEXT:
        told = (await wrong_fields(generation, method, max_tokens=left + 1))["max_tokens"]
        assert told.startswith(f"got {left + 1}, takes 1 to {left}: the prompt has")
        assert list(await wrong_fields(generation, method, prompt="hello " * 5000)) == ["prompt"]
        turns = [pb.ChatMessage(role="user", content="hello " * 5000)]
        assert list(await wrong_fields(generation, method, prompt="", messages=turns)) == ["messages"]
    assert await stack.service.metric(work) == before
    asked.max_tokens = left
    call = generation.StreamText(asked)
    assert isinstance(await call.read(), pb.StreamTextResponse)
    call.cancel()


@pytest.mark.parametrize("method", SIZED)
@pytest.mark.parametrize("side", ["width", "height"])
@pytest.mark.parametrize("value", [0, -8, INT_MIN, 63, 1001, 2056, INT_MAX])
async def test_fault_19_a_wrong_side(
    generation: GenerationAsyncStub, method: str, side: str, value: int
) -> None:
    told = {side: f"got {value}, takes multiples of 8 from 64 to 2048"}
    assert await wrong_fields(generation, method, **{side: value}) == told


@pytest.mark.parametrize("method", SIZED)
async def test_fault_19_an_area_above_the_cap(generation: GenerationAsyncStub, method: str) -> None:
    found = await wrong_fields(generation, method, width=1024, height=2048)
    assert found == {"height": "got 2048: 1024 x 2048 is 2097152 pixels, takes at most 1572864"}


@pytest.mark.parametrize("method", PICTURES)
@pytest.mark.parametrize("value", [0, -1, INT_MIN, 151, 10**6])
async def test_fault_20_wrong_steps(generation: GenerationAsyncStub, method: str, value: int) -> None:
    told = {"num_inference_steps": f"got {value}, takes 1 to 150"}
    assert await wrong_fields(generation, method, num_inference_steps=value) == told


@pytest.mark.parametrize("method", PICTURES)
@pytest.mark.parametrize("value", [*NO_NUMBERS, -0.1, 30.1, 1e9])
async def test_fault_20_a_wrong_guidance_scale(
    generation: GenerationAsyncStub, method: str, value: float
) -> None:
    told = {"guidance_scale": f"got {value:g}, takes 0 to 30"}
    assert await wrong_fields(generation, method, guidance_scale=value) == told


@pytest.mark.parametrize("method", PICTURES)
@pytest.mark.parametrize("value", [-1, INT_MIN, 151, INT_MAX])
async def test_fault_20_previews_too_rare(generation: GenerationAsyncStub, method: str, value: int) -> None:
    told = {"preview_every": f"got {value}, takes 0 to 150"}
    assert await wrong_fields(generation, method, preview_every=value) == told


@pytest.mark.parametrize("method", FRAMES)
@pytest.mark.parametrize("value", [0, -1, INT_MIN, 65, 10**6])
async def test_fault_21_a_wrong_number_of_frames(
    generation: GenerationAsyncStub, method: str, value: int
) -> None:
    told = {"num_frames": f"got {value}, takes 1 to 64"}
    assert await wrong_fields(generation, method, num_frames=value) == told


@pytest.mark.parametrize("method", FRAMES)
async def test_fault_21_more_pixels_than_all_frames_may_have(
    generation: GenerationAsyncStub, method: str
) -> None:
    told = {"num_frames": "got 17, takes at most 16 of 1024 x 1024 pixels"}
    assert await wrong_fields(generation, method, num_frames=17, width=1024, height=1024) == told


async def test_fault_21_as_many_pixels_as_all_frames_may_have(generation: GenerationAsyncStub) -> None:
    call = generation.StreamFrames(request("StreamFrames", num_frames=16, width=1024, height=1024))  # type: ignore[arg-type]
    assert isinstance(await call.read(), pb.StreamFramesResponse)
    call.cancel()


@pytest.mark.parametrize("method", FRAMES)
@pytest.mark.parametrize("value", [*NO_NUMBERS, -0.1, 1.1, 1e30])
async def test_fault_21_a_wrong_motion(generation: GenerationAsyncStub, method: str, value: float) -> None:
    told = {"motion": f"got {value:g}, takes 0 to 1"}
    assert await wrong_fields(generation, method, motion=value) == told


@pytest.mark.parametrize("method", FRAMES)
@pytest.mark.parametrize("name", ["", "gif", "WEBP", "mp4 ", "../../etc/passwd\0", "x" * 10**5])
async def test_fault_21_an_unknown_format_lists_what_exists(
    generation: GenerationAsyncStub, method: str, name: str
) -> None:
    (field, told), *others = (await wrong_fields(generation, method, format=name)).items()
    assert (field, others) == ("format", [])
    assert told.endswith(", takes webp or mp4")


@pytest.mark.parametrize("method", FRAMES)
@pytest.mark.parametrize("value", [0, -1, INT_MIN, 61, INT_MAX])
async def test_fault_21_a_wrong_fps(generation: GenerationAsyncStub, method: str, value: int) -> None:
    told = {"fps": f"got {value}, takes 1 to 60"}
    assert await wrong_fields(generation, method, fps=value, format="webp") == told


@pytest.mark.parametrize("method", EDIT)
@pytest.mark.parametrize("value", [*NO_NUMBERS, -0.1, 0.0, 1.1])
async def test_fault_23_a_wrong_strength(generation: GenerationAsyncStub, method: str, value: float) -> None:
    told = {"strength": f"got {value:g}, takes above 0 to 1"}
    assert await wrong_fields(generation, method, strength=value) == told


@pytest.mark.parametrize("method", EDIT)
async def test_fault_23_a_strength_that_leaves_no_step(generation: GenerationAsyncStub, method: str) -> None:
    told = {"strength": "got 0.04, takes at least 0.05 for 20 steps, so that one runs"}
    assert await wrong_fields(generation, method, strength=0.04, num_inference_steps=20) == told
    assert (await paint(generation, method, strength=0.05, num_inference_steps=20)).files
