"""Requests that share UNet calls come to what diffusers' own pipelines come to alone."""

import random
from collections.abc import Callable

import pytest

from service.engine.params import ImageParams
from tests.pipelines.diffusion.asking import edit, masked, params
from tests.pipelines.diffusion.running import Make, difference, pixels, run, run_joining
from tests.pipelines.diffusion.stock import Stock

Kind = Callable[..., ImageParams]
SIZES = [(64, 64), (64, 64), (64, 64), (128, 64)]


def mixed_requests(count: int, seed: int) -> list[ImageParams]:
    """Every kind, 4 to 50 steps, guidance of 0 to 15, two sizes."""
    chance = random.Random(seed)
    asked = []
    for number in range(count):
        kind: Kind = (params, edit, masked)[number % 3]
        width, height = chance.choice(SIZES)
        strength = {} if kind is params else {"strength": chance.choice([0.3, 0.75, 1.0])}
        asked.append(
            kind(
                **strength,
                prompt=" ".join(chance.choices(["cat", "mat", "the", "sea", "storm", "of"], k=6)),
                negative_prompt=chance.choice(["", "blurry", "rain and fog"]),
                num_inference_steps=chance.choice([4, 5, 9, 14, 50]),
                guidance_scale=chance.choice([0.0, 1.0, 1.5, 7.5, 15.0]),
                seed=chance.randrange(2**32),
                width=width,
                height=height,
            )
        )
    chance.shuffle(asked)
    return asked


@pytest.mark.parametrize("seed", [1, 2])
def test_a_mixed_load_that_shares_calls_equals_diffusers_alone(make: Make, stock: Stock, seed: int) -> None:
    running = run_joining(make(batch_images=4), mixed_requests(9, seed), seed)
    assert max(running.shared) >= 3
    assert sum(shared > 1 for shared in running.shared) > 10
    assert difference(running, stock) < 1e-3


@pytest.mark.parametrize("kind", [params, edit, masked])
def test_equal_requests_that_come_together_share_their_calls(make: Make, kind: Kind) -> None:
    running = run(make(batch_images=4), *(kind(seed=seed) for seed in range(4)))
    calls = len(running.paintings[0].timesteps)
    assert running.shared.count(4) >= calls - 1


def test_a_mixed_load_that_shares_nothing_equals_diffusers_alone(make: Make, stock: Stock) -> None:
    running = run_joining(make(), mixed_requests(6, 3), 3)
    assert max(running.shared) == 1
    assert difference(running, stock) < 1e-3


@pytest.mark.parametrize("wanted", [params(), edit(), edit(1.0), masked(), masked(1.0)])
def test_each_kind_ends_in_the_very_pixels_of_diffusers(
    make: Make, stock: Stock, wanted: ImageParams
) -> None:
    running = run(make(), wanted)
    assert difference(running, stock) < 1e-3
    if wanted.edit is None or wanted.edit.mask is None:  # with a mask, what is kept is as it was sent
        (picture,) = running.pictures()
        assert abs(pixels(picture) - stock.pixels(wanted)).max() <= 1


@pytest.mark.parametrize("guidance_scale", [0.0, 1.0])
@pytest.mark.parametrize("kind", [params, edit, masked])
def test_without_guidance_an_image_is_one_row_and_equals_diffusers(
    make: Make, stock: Stock, kind: Kind, guidance_scale: float
) -> None:
    running = run(make(), kind(guidance_scale=guidance_scale))
    assert running.paintings[0].rows == 1
    assert difference(running, stock) < 1e-3


def test_with_guidance_an_image_is_two_rows(make: Make) -> None:
    assert run(make(), params(guidance_scale=1.01)).paintings[0].rows == 2
