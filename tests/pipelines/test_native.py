"""The machine code against torch's int8, with random weights, and against itself."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import LlamaConfig, MistralConfig

from service.pipelines.text.batch import Batch
from service.pipelines.text.llama import Llama
from service.pipelines.text.loading import cache_for, load_model
from service.pipelines.text.model import TextModel
from service.pipelines.text.native import build, llama
from service.pipelines.text.native.llama import NativeLlama
from tests.pipelines.running import engine_of
from tests.pipelines.test_text_model import random_model

SIZES: dict[str, Any] = {
    "vocab_size": 300,
    "hidden_size": 128,
    "intermediate_size": 192,
    "num_hidden_layers": 2,
    "eos_token_id": None,
    "pad_token_id": 0,
}
SHAPES: dict[str, LlamaConfig | MistralConfig] = {
    "two heads a key head": LlamaConfig(
        **SIZES, num_attention_heads=4, num_key_value_heads=2, head_dim=64, tie_word_embeddings=True
    ),
    "eight heads a key head": LlamaConfig(**SIZES, num_attention_heads=8, num_key_value_heads=1, head_dim=64),
    "a sliding window": MistralConfig(
        **SIZES, num_attention_heads=2, num_key_value_heads=2, head_dim=128, sliding_window=40
    ),
}


@pytest.fixture(autouse=True, params=["native", "haswell"])
def processor(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Compiled for this processor, and for one that has AVX2 and no more."""
    options = tuple(option.replace("native", request.param) for option in build.OPTIONS)
    monkeypatch.setattr(build, "OPTIONS", options)
    build.library.cache_clear()
    yield
    build.library.cache_clear()


@pytest.fixture(params=SHAPES)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    torch.manual_seed(5)
    random_model(SHAPES[request.param]).save_pretrained(tmp_path)
    return tmp_path


def native_of(folder: Path, **changes: int) -> NativeLlama:
    model = load_model(engine_of(folder, "int8", **changes))
    assert isinstance(model, NativeLlama)
    return model


def test_it_is_as_near_to_the_model_as_torch_in_8_bits(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = torch.randint(300, (150,)).tolist()
    exact = read(load_model(engine_of(folder)), ids, [150])
    ours = read(native_of(folder), ids, [150])
    monkeypatch.setattr(llama, "library", lambda: None)
    model = load_model(engine_of(folder, "int8"))
    assert isinstance(model, Llama)
    theirs = read(model, ids, [150])
    # Not equal: what is between two of the 255 steps may go either way, and that goes on from layer to layer.
    near, as_near = (float((found - exact).square().mean().sqrt()) for found in (ours, theirs))
    assert near < 1.1 * as_near
    assert near < 0.1 * float(exact.std())


def test_a_row_has_the_same_logits_however_its_prompt_is_split_and_whoever_is_beside_it(folder: Path) -> None:
    model = native_of(folder)
    ids = torch.randint(300, (150,)).tolist()
    whole = read(model, ids, [150])
    assert torch.equal(read(model, ids, [1] * 150), whole)
    assert torch.equal(read(model, ids, [7, 64, 13, 66]), whole)
    assert torch.equal(read(model, ids, [64, 86], beside=5), whole)


def test_the_number_of_threads_changes_no_number(folder: Path) -> None:
    ids = torch.randint(300, (90,)).tolist()
    one, three = (read(native_of(folder, threads=count), ids, [90]) for count in (1, 3))
    assert torch.equal(one, three)


def read(model: TextModel, ids: list[int], lengths: list[int], beside: int = 0) -> Tensor:
    """The logits of every position, read in parts of these lengths; `beside` other rows share each pass."""
    cache = cache_for(model, 4 + beside)
    found, start = [], 0
    for length in lengths:
        batch = Batch()
        for other in range(beside):
            batch.add([4 + other], [other], 0)
        batch.add([3, 0, 2], ids[start : start + length], start)
        batch.sampled_rows = list(range(beside, beside + length))
        with torch.inference_mode():
            found.append(model.logits(batch, cache))
        start += length
    return torch.cat(found)


def test_without_a_compiler_torch_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert build.library() is None


def test_a_compiler_that_fails_is_reported_and_torch_computes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    compiler = tmp_path / "compiler"
    compiler.write_text('#!/bin/sh\n[ "$1" = --version ] && exit\necho "no such option" >&2\nexit 1\n')
    compiler.chmod(0o755)
    monkeypatch.setenv("CXX", str(compiler))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert build.library() is None
    assert "no such option" in caplog.text
    assert list((tmp_path / "cache" / "generation-service").iterdir()) == []


def test_it_is_compiled_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert build.library() is not None
    (made,) = (tmp_path / "generation-service").iterdir()
    before = made.stat()
    build.library.cache_clear()
    assert build.library() is not None
    assert made.stat().st_mtime_ns == before.st_mtime_ns
