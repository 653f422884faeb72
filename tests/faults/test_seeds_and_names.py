"""Seeds, styles and models, named to the real service: what is repeated, what is told, what is refused."""

from __future__ import annotations  # the async stub exists for type checkers only

from typing import TYPE_CHECKING

import grpc
import pytest

from generation.v1 import generation_pb2 as pb
from service.styles import STYLES
from tests.faults.pictures import paint
from tests.faults.refusals import EDIT, FRAMES, IMAGE, PICTURES, TEXT, refusal, wrong_fields

if TYPE_CHECKING:
    from generation.v1.generation_pb2_grpc import GenerationAsyncStub

SEED_MAX = 2**32 - 1


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


async def test_fault_37_an_unset_seed_is_drawn_anew_for_text(generation: GenerationAsyncStub) -> None:
    asked = pb.GenerateTextRequest(prompt="Invent a word.", max_tokens=1)
    assert len({(await generation.GenerateText(asked)).seed for _ in range(4)}) == 4


@pytest.mark.parametrize(("unary", "streaming"), [IMAGE, EDIT, FRAMES])
@pytest.mark.parametrize("seed", [0, SEED_MAX, None])
async def test_fault_37_the_seed_is_reported_and_gives_the_same_bytes_again(
    generation: GenerationAsyncStub, unary: str, streaming: str, seed: int | None
) -> None:
    drawn: dict[str, object] = {} if seed is None else {"seed": seed}
    first = await paint(generation, unary, num_inference_steps=3, **drawn)
    assert seed in (None, first.seed)
    assert await paint(generation, streaming, num_inference_steps=3, seed=first.seed) == first
    other = await paint(generation, streaming, num_inference_steps=3, seed=first.seed ^ 1)
    assert other.files != first.files


@pytest.mark.parametrize("method", PICTURES)
async def test_fault_37_an_unset_seed_is_drawn_anew_for_pictures(
    generation: GenerationAsyncStub, method: str
) -> None:
    assert len({(await paint(generation, method)).seed for _ in range(3)}) == 3


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


@pytest.mark.parametrize("method", PICTURES)
async def test_fault_38_the_models_own_name_is_taken(generation: GenerationAsyncStub, method: str) -> None:
    models = (await generation.ListModels(pb.ListModelsRequest())).models
    (name,) = (model.name for model in models if model.modality == "image")
    assert (await paint(generation, method, model=name)).files
