"""Prompts of any length, as diffusers encodes them where it can."""

import itertools
from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch

from service.pipelines.diffusion.denoise import predict_noise
from service.pipelines.diffusion.latents import prepare_frames
from service.pipelines.diffusion.model import DiffusionModel
from service.pipelines.diffusion.painting import Painting
from service.pipelines.diffusion.prompts import encode_negative, encode_prompt
from service.pipelines.diffusion.stages import encode_guide
from tests.pipelines.diffusion.asking import params
from tests.pipelines.diffusion.running import Make, run
from tests.pipelines.diffusion.stock import Stock

WINDOW = 75
LETTERS = list(itertools.islice(itertools.cycle("abcdefghijklmnopqrstuvwxyz"), 200))  # a token each


@pytest.fixture(autouse=True)
def _no_gradients() -> Iterator[None]:
    with torch.inference_mode():
        yield


def words(count: int) -> str:
    return " ".join(LETTERS[:count])


def painting(model: DiffusionModel, **changes: object) -> Painting:
    wanted = params(**changes)
    return prepare_frames(model, wanted, encode_guide(model, wanted), [0])


@pytest.mark.parametrize(
    "prompt", ["", "a cat", "A CAT, on the mat.", "ein Kätzchen 🐈", words(WINDOW - 1), words(WINDOW)]
)
def test_a_prompt_of_up_to_77_tokens_is_encoded_as_by_diffusers(
    model: DiffusionModel, stock: Stock, prompt: str
) -> None:
    hidden, _, pooled, _ = stock.pipe.encode_prompt(prompt, do_classifier_free_guidance=False)
    ours = encode_prompt(model, prompt)
    torch.testing.assert_close(ours.hidden, hidden[0], atol=1e-6, rtol=0)
    torch.testing.assert_close(ours.pooled, pooled[0], atol=1e-6, rtol=0)


@pytest.fixture(params=[True, False], ids=["empty is zeros", "empty is encoded"])
def zeros(request: pytest.FixtureRequest, stock: Stock) -> Iterator[bool]:
    before = stock.pipe.config.force_zeros_for_empty_prompt
    stock.pipe.register_to_config(force_zeros_for_empty_prompt=request.param)
    yield request.param
    stock.pipe.register_to_config(force_zeros_for_empty_prompt=before)


@pytest.mark.parametrize("prompt", ["", "rain"])
def test_a_negative_prompt_is_encoded_as_by_diffusers(
    model: DiffusionModel, stock: Stock, zeros: bool, prompt: str
) -> None:
    _, hidden, _, pooled = stock.pipe.encode_prompt("a cat", negative_prompt=prompt or None)
    ours = encode_negative(replace(model, zero_empty_negative=zeros), prompt, encode_prompt(model, "a cat"))
    torch.testing.assert_close(ours.hidden, hidden[0], atol=1e-6, rtol=0)
    torch.testing.assert_close(ours.pooled, pooled[0], atol=1e-6, rtol=0)


def test_an_exclamation_mark_is_text_though_the_second_tokenizer_pads_with_it(model: DiffusionModel) -> None:
    first, second = (
        text.tokenizer("a cat!", add_special_tokens=False, split_special_tokens=True).input_ids
        for text in model.text_encoders
    )
    assert first == second
    assert (encode_prompt(model, "a cat!").hidden - encode_prompt(model, "a cat").hidden).abs().max() > 1e-3


@pytest.mark.parametrize(("tokens", "windows"), [(75, 1), (76, 2), (150, 2), (151, 3)])
def test_a_longer_prompt_is_read_in_windows_and_begins_with_its_first_75_tokens(
    model: DiffusionModel, tokens: int, windows: int
) -> None:
    whole, first = encode_prompt(model, words(tokens)), encode_prompt(model, words(WINDOW))
    assert len(whole.hidden) == 77 * windows
    torch.testing.assert_close(whole.hidden[:77], first.hidden, atol=1e-6, rtol=0)
    torch.testing.assert_close(whole.pooled, first.pooled, atol=1e-6, rtol=0)


def test_what_stands_beyond_the_first_window_changes_the_picture(make: Make) -> None:
    begin = words(WINDOW) + " "
    first, second = run(make(), params(prompt=begin + "cat"), params(prompt=begin + "storm")).requests
    assert first.events[-1] != second.events[-1]


@pytest.mark.parametrize("negative", ["", "rain", words(100)])
def test_long_and_short_prompts_share_a_call_and_change_each_other_in_nothing(
    model: DiffusionModel, negative: str
) -> None:
    paintings = [
        painting(model, prompt="a cat", negative_prompt=negative),
        painting(model, prompt=words(180), negative_prompt=negative, seed=4),
        painting(model, prompt=words(100), guidance_scale=0, seed=5),
    ]
    alone = [predict_noise(model, [one])[0] for one in paintings]
    for ours, expected in zip(predict_noise(model, paintings), alone, strict=True):
        torch.testing.assert_close(ours, expected, atol=1e-4, rtol=0)


def test_halves_of_different_lengths_are_predicted_as_each_would_be_alone(model: DiffusionModel) -> None:
    both = painting(model, prompt=words(180), negative_prompt="rain", guidance_scale=3.0)
    positive = painting(model, prompt=words(180), guidance_scale=0)
    negative = painting(model, prompt="rain", guidance_scale=0)
    (noise,) = predict_noise(model, [both])
    (wanted,), (unwanted,) = (predict_noise(model, [one]) for one in (positive, negative))
    torch.testing.assert_close(noise, unwanted + 3.0 * (wanted - unwanted), atol=1e-4, rtol=0)


@pytest.mark.parametrize("special", ["<|endoftext|>", "<|startoftext|>"])
def test_special_tokens_that_a_user_types_are_plain_text(model: DiffusionModel, special: str) -> None:
    tokenizer = model.text_encoders[0].tokenizer
    marks = {tokenizer.bos_token_id, tokenizer.eos_token_id}
    typed = tokenizer(special, add_special_tokens=False, split_special_tokens=True).input_ids
    assert marks.isdisjoint(typed)
    cat, dog = (encode_prompt(model, f"a {special} {animal}") for animal in ("cat", "dog"))
    # The pooled state is read at the first end of text: it would not see what comes after.
    assert (cat.pooled - dog.pooled).abs().max() > 1e-3
