"""Matrices of 8-bit floats. torch's product of these on a CPU is the same arithmetic as on a GPU."""

from pathlib import Path

import pytest
import torch

from service.pipelines.text.fallback import Fallback
from service.pipelines.text.float8 import NUMBER, Float8Matrix, float8
from service.pipelines.text.loading import load_model
from tests.pipelines.running import engine_of
from tests.pipelines.tiny import answers_of, cache_of, read, tiny


def test_a_row_is_off_by_at_most_half_a_step_and_its_largest_number_by_nothing() -> None:
    torch.manual_seed(1)
    x = torch.randn(7, 96) * torch.logspace(-6, 6, 7)[:, None]
    values, scales = float8(x)
    found = values.float() * scales
    assert values.dtype is NUMBER
    largest = x.abs().amax(-1)
    torch.testing.assert_close(found.abs().amax(-1), largest, rtol=1e-6, atol=0)
    assert ((found - x).abs() <= x.abs() / 16 + largest[:, None] / 448 / 512).all()


def test_rows_of_zeros_stay_zeros() -> None:
    values, scales = float8(torch.zeros(2, 32))
    assert not (values.float() * scales).any()


def test_a_product_is_that_of_the_rounded_numbers() -> None:
    torch.manual_seed(2)
    weight, x = torch.randn(48, 64), torch.randn(5, 64).bfloat16()
    found = Float8Matrix(weight)(x)
    (values, scales), (inputs, input_scales) = float8(weight), float8(x)
    expected = (inputs.float() * input_scales) @ (values.float() * scales).t()
    assert found.dtype is torch.bfloat16
    torch.testing.assert_close(found.float(), expected, rtol=1e-2, atol=1e-2)


def test_a_model_in_float8_gives_about_the_logits_of_bfloat16(tmp_path: Path) -> None:
    found = []
    for dtype in ("bfloat16", "float8"):
        model = tiny(tmp_path, dtype)
        cache = cache_of(model)
        with torch.inference_mode():
            read(model, cache, [3, 4], 90)
            found.append(model.logits(answers_of([([3, 4], 90)]), cache)[0].float())
    assert torch.cosine_similarity(found[0], found[1], dim=0) > 0.97


def test_models_that_transformers_computes_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny(tmp_path)
    monkeypatch.setattr("service.pipelines.text.loading.is_lean", lambda _config: False)
    with pytest.raises(ValueError, match="not computed in float8"):
        load_model(engine_of(tmp_path, "float8"))
    assert isinstance(load_model(engine_of(tmp_path)), Fallback)
