"""A seed means the same bytes, whoever else is there."""

import random

import pytest
import torch

from service.engine.events import Pixels
from service.engine.messages import EngineSpec
from service.engine.params import ImageParams
from service.pipelines.diffusion.loading import load_model
from service.pipelines.diffusion.preview import Preview
from tests.pipelines.diffusion.asking import edit, masked, params
from tests.pipelines.diffusion.running import Make, build, run, run_joining

KINDS = {
    "image": params(seed=11),
    "image without guidance": params(seed=12, guidance_scale=1.0),
    "edit": edit(0.7, seed=13),
    "masked edit": masked(0.7, seed=14),
    "frames": params(seed=15, num_frames=6, motion=0.6, num_inference_steps=3),
    "frames without guidance": params(seed=16, num_frames=3, guidance_scale=0, num_inference_steps=3),
    "long prompt": params(seed=17, prompt="a cat sat " * 30),
}
OTHERS = [
    *(params(prompt=f"number {i}", seed=i, num_inference_steps=3 + 4 * i) for i in range(4)),
    params(prompt="no guidance", guidance_scale=0, num_inference_steps=12),
    params(prompt="a wide one", width=128),
    edit(0.9, prompt="another edit", num_inference_steps=10),
]
ASKED = [*KINDS.values(), *OTHERS]
ONE_WIDTH: dict[str, object] = {"batch_images": 4, "batch_invariant": True}
LOADS: dict[str, dict[str, object]] = {
    "alone in every call": {},
    "in calls of one width": ONE_WIDTH,
}


@pytest.fixture(scope="module", params=LOADS.values(), ids=list(LOADS))
def how(request: pytest.FixtureRequest) -> dict[str, object]:
    return dict(request.param)


@pytest.fixture(scope="module")
def alone(make: Make, how: dict[str, object]) -> dict[str, list[Pixels]]:
    """The pictures of every kind, each painted with nobody else there."""
    return {name: run(make(**how), wanted).pictures() for name, wanted in KINDS.items()}


@pytest.mark.parametrize("seed", [1, 2])
def test_every_kind_has_the_bytes_in_a_load_that_it_has_alone(
    make: Make, how: dict[str, object], alone: dict[str, list[Pixels]], seed: int
) -> None:
    asked = random.Random(seed).sample(ASKED, len(ASKED))
    running = run_joining(make(**how), asked, seed)
    assert (max(running.shared) > 1) == bool(how)
    for name, wanted in KINDS.items():
        assert running.pictures(asked.index(wanted)) == alone[name], name


def test_every_kind_has_the_same_bytes_after_a_new_start(
    spec: EngineSpec, preview: Preview, how: dict[str, object], alone: dict[str, list[Pixels]]
) -> None:
    fresh = build(load_model(spec), preview, spec, **how)
    for name, wanted in KINDS.items():
        assert run(fresh, wanted).pictures() == alone[name], name


def test_another_seed_has_other_bytes(make: Make) -> None:
    first, second = run(make(), params(seed=1), params(seed=2)).requests
    assert first.events[-1] != second.events[-1]


@pytest.mark.parametrize(
    "others",
    [
        [params(seed=1)],
        [params(seed=seed) for seed in (1, 2, 3)],
        [params(seed=1, guidance_scale=0)],
        [params(seed=1, num_frames=3, guidance_scale=0)],
        [params(seed=1, prompt="a dog " * 40)],
        [params(seed=1, prompt="a dog " * 40, negative_prompt="")],
    ],
    ids=["one other", "three others", "one without guidance", "frames", "a long prompt", "two long prompts"],
)
@pytest.mark.parametrize("prompt", ["a cat", "a cat sat " * 30], ids=["short prompt", "long prompt"])
def test_calls_of_one_width_have_the_same_latents_to_the_last_bit(
    make: Make, prompt: str, others: list[ImageParams]
) -> None:
    wanted = params(prompt=prompt, seed=42)
    alone = run(make(**ONE_WIDTH), wanted)
    for beside in ([*others, wanted], [wanted, *others]):
        running = run_joining(make(**ONE_WIDTH), beside, seed=5)
        assert torch.equal(running.latents(beside.index(wanted)), alone.latents(0))
