"""The 8-bit text model against the same one in float32, and against itself."""

from pathlib import Path

import pytest
import torch
from torch import Tensor
from transformers import LlamaConfig

from service.pipelines.text.batch import Batch
from service.pipelines.text.int8 import Int8Matrix, quantised
from service.pipelines.text.llama import Llama
from service.pipelines.text.loading import cache_for, load_model
from service.pipelines.text.model import TextModel
from service.pipelines.text.native import build
from service.pipelines.text.native import llama as native
from service.pipelines.text.native.llama import NativeLlama
from service.pipelines.text.rotation import turn_of
from service.text.tokenizer import TextTokenizer
from tests.pipelines.conftest import FOLDER
from tests.pipelines.running import engine_of

# Answers of SmolLM2 and such as it might give: what follows a prompt, not the prompt itself, is compared.
ANSWERS = {
    "What is the capital of France?": "The capital of France is Paris.",
    "What is machine learning?": "Machine learning is a subset of artificial intelligence that involves "
    "training algorithms on data to make predictions or decisions without being explicitly programmed.",
    "Write a haiku about autumn.": "Golden leaves descend,\nWhispers of the breeze,\nNature's last farewell.",
    "Explain gravity to a child.": "Gravity is like an invisible string that pulls everything towards the "
    "ground. When you drop a ball, it falls down because the Earth pulls on it.",
    "What is 17 + 25?": "17 + 25 = 42.",
    "Name the planets of the solar system.": "Mercury, Venus, Earth, Mars, Jupiter, Saturn, Uranus, Neptune.",
    "def fibonacci(n):": "    if n <= 1:\n        return n\n    return fibonacci(n - 1) + fibonacci(n - 2)\n",
    "Why is the sky blue?": "The sky appears blue because of a phenomenon called Rayleigh scattering, in "
    "which shorter wavelengths of sunlight are scattered more than longer ones by the gases of the air.",
}


ENGINES = {"machine code": NativeLlama, "torch": Llama}


@pytest.fixture(scope="module")
def exact() -> TextModel:
    return load_model(engine_of(FOLDER))


@pytest.fixture(scope="module", params=ENGINES)
def int8(request: pytest.FixtureRequest) -> TextModel:
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "torch":
            patch.setattr(build, "library", lambda: None)
            patch.setattr(native, "library", lambda: None)
        model = load_model(engine_of(FOLDER, "int8"))
    assert type(model) is ENGINES[request.param]
    return model


def read(model: TextModel, ids: list[int]) -> Tensor:
    """The logits behind each of these token ids, read as one prompt."""
    batch = Batch()
    batch.add(range(8), ids, 0)
    batch.sampled_rows = list(range(len(ids)))
    with torch.inference_mode():
        return model.logits(batch, cache_for(model, 8))


def test_eight_bits_lose_less_than_two_hundredths_of_a_nat_a_token_and_keep_the_likeliest_one(
    exact: TextModel, int8: TextModel, tokenizer: TextTokenizer
) -> None:
    divergences, agreements = [], []
    for prompt, answer in ANSWERS.items():
        asked = tokenizer.encode_prompt(prompt)
        ids = [*asked, *tokenizer.encode_text(answer)]
        right, found = (read(model, ids)[len(asked) - 1 :].log_softmax(-1) for model in (exact, int8))
        divergences.append((right.exp() * (right - found)).sum(-1))
        agreements.append(right.argmax(-1) == found.argmax(-1))
    assert float(torch.cat(divergences).mean()) <= 0.02
    assert float(torch.cat(agreements).float().mean()) >= 0.92


@pytest.mark.parametrize("rows", [1, 3, 16, 17, 128])
def test_a_row_has_the_same_product_to_the_last_bit_whatever_rows_come_with_it(rows: int) -> None:
    torch.manual_seed(1)
    matrix = Int8Matrix(torch.randn(48, 64), turn_of(64).float())
    x = torch.randn(rows, 64) * torch.logspace(-3, 3, rows)[:, None]
    together = matrix(x)
    for row in range(rows):
        assert torch.equal(matrix(x[row : row + 1])[0], together[row])


def test_a_row_of_zeros_stays_one() -> None:
    values, scales = quantised(torch.zeros(2, 8))
    assert not values.any()
    assert bool((scales > 0).all())
    assert not Int8Matrix(torch.randn(4, 8))(torch.zeros(2, 8)).any()


def test_a_checkpoint_with_parts_that_int8_has_not_is_refused_by_name(tmp_path: Path) -> None:
    LlamaConfig(attention_bias=True).save_pretrained(tmp_path)
    with pytest.raises(ValueError, match=f"{tmp_path.name} has parts that are not computed in int8"):
        load_model(engine_of(tmp_path, "int8"))


@pytest.mark.parametrize("size", [1, 7, 24, 64, 576, 1536])
def test_a_turn_is_orthogonal_and_spreads_a_single_entry_over_many(size: int) -> None:
    turn = turn_of(size)
    torch.testing.assert_close(turn @ turn.t(), torch.eye(size, dtype=torch.float64))
    assert torch.equal(turn, turn_of(size))
    power = size & -size
    assert float(turn.abs().max()) <= power**-0.5 + 1e-9
