"""Wrong values, thrown at the real service: each is refused by the name of its field."""

from __future__ import annotations  # the async stub exists for type checkers only

import math
from typing import TYPE_CHECKING

import grpc
import pytest

from generation.v1 import generation_pb2 as pb
from service.styles import STYLES
from tests.faults.refusals import ACCEPTED, EDIT, FRAMES, PICTURES, SIZED, TEXT, refusal, wrong_fields
from tests.stack import Stack

if TYPE_CHECKING:
    from generation.v1.generation_pb2_grpc import GenerationAsyncStub

INT_MAX, INT_MIN = 2**31 - 1, -(2**31)
SEED_MAX = 2**32 - 1
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
    (model,) = (await generation.ListModels(pb.ListModelsRequest())).models
    asked = pb.GenerateTextRequest(prompt="a cat", max_tokens=1)
    left = model.context_tokens - (await generation.GenerateText(asked)).prompt_tokens
    before = await stack.service.metric("generation_(prompt_tokens|engine_steps)_total.*")
    for method in TEXT:
        told = (await wrong_fields(generation, method, max_tokens=left + 1))["max_tokens"]
        assert told.startswith(f"got {left + 1}, takes 1 to {left}: the prompt has")
        assert list(await wrong_fields(generation, method, prompt="hello " * 5000)) == ["prompt"]
        turns = [pb.ChatMessage(role="user", content="hello " * 5000)]
        assert list(await wrong_fields(generation, method, prompt="", messages=turns)) == ["messages"]
    assert await stack.service.metric("generation_(prompt_tokens|engine_steps)_total.*") == before
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
    assert await wrong_fields(generation, method, num_frames=17) == told
    assert (await refusal(generation, method, num_frames=16)).code == ACCEPTED


@pytest.mark.parametrize("method", EDIT)
@pytest.mark.parametrize("value", [*NO_NUMBERS, -0.1, 0.0, 1.1])
async def test_fault_23_a_wrong_strength(generation: GenerationAsyncStub, method: str, value: float) -> None:
    told = {"strength": f"got {value:g}, takes above 0 to 1"}
    assert await wrong_fields(generation, method, strength=value) == told


@pytest.mark.parametrize("method", EDIT)
async def test_fault_23_a_strength_that_leaves_no_step(generation: GenerationAsyncStub, method: str) -> None:
    told = {"strength": "got 0.04, takes at least 0.05 for 20 steps, so that one runs"}
    assert await wrong_fields(generation, method, strength=0.04, num_inference_steps=20) == told
    one_step = await refusal(generation, method, strength=0.05, num_inference_steps=20)
    assert one_step.code == ACCEPTED


@pytest.mark.parametrize("method", TEXT + PICTURES)
@pytest.mark.parametrize("value", [-1, SEED_MAX + 1, -(2**63), 2**63 - 1])
async def test_fault_37_a_seed_outside_the_range(
    generation: GenerationAsyncStub, method: str, value: int
) -> None:
    told = {"seed": f"got {value}, takes 0 to {SEED_MAX}"}
    assert await wrong_fields(generation, method, seed=value) == told


@pytest.mark.parametrize("seed", [0, SEED_MAX, None])
async def test_fault_37_the_seed_is_reported_and_gives_the_same_text_again(
    generation: GenerationAsyncStub, seed: int | None
) -> None:
    asked = pb.GenerateTextRequest(prompt="Invent a word.", seed=seed, temperature=1.5, max_tokens=16)
    first = await generation.GenerateText(asked)
    assert seed in (None, first.seed)
    asked.seed = first.seed
    again = [message async for message in generation.StreamText(asked)]
    assert "".join(message.text for message in again) == first.text
    assert again[-1].seed == first.seed


async def test_fault_37_an_unset_seed_is_drawn_anew(generation: GenerationAsyncStub) -> None:
    asked = pb.GenerateTextRequest(prompt="Invent a word.", max_tokens=1)
    assert len({(await generation.GenerateText(asked)).seed for _ in range(4)}) == 4


@pytest.mark.parametrize("method", PICTURES)
@pytest.mark.parametrize("name", ["", "baroque", "Realistic", "none ", "../../etc/passwd\0", "x" * 10**5])
async def test_fault_38_an_unknown_style_lists_what_exists(
    generation: GenerationAsyncStub, method: str, name: str
) -> None:
    (field, told), *others = (await wrong_fields(generation, method, style=name)).items()
    assert (field, others) == ("style", [])
    assert told.endswith(f", takes {', '.join(STYLES)}")


@pytest.mark.parametrize("method", TEXT + PICTURES)
@pytest.mark.parametrize("name", ["", "gpt-5", "../../etc/passwd\0", "x" * 10**5])
async def test_fault_38_an_unknown_model_is_not_found(
    generation: GenerationAsyncStub, method: str, name: str
) -> None:
    refused = await refusal(generation, method, model=name)
    assert refused.code == grpc.StatusCode.NOT_FOUND
    assert refused.detail.startswith(f"model: there is no {'text' if method in TEXT else 'image'} model ")
