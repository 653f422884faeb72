"""A checkpoint loaded in half precision."""

from dataclasses import replace

import pytest
import torch

from service.engine.events import Picture
from service.engine.messages import EngineSpec
from service.engine.params import ImageParams
from service.pipelines.diffusion.loading import load_model
from service.pipelines.diffusion.pipeline import DiffusionPipeline
from service.pipelines.diffusion.preview import Preview
from tests.pipelines.diffusion.asking import edit, masked, params
from tests.pipelines.diffusion.running import Make, build, pixels, run


@pytest.fixture(scope="module")
def half(spec: EngineSpec) -> DiffusionPipeline:
    spec = replace(spec, dtype="bfloat16")
    model = load_model(spec)
    with torch.inference_mode():
        return build(model, Preview.fit(model), spec)


@pytest.mark.parametrize(
    "wanted",
    [
        params(),
        edit(),
        masked(),
        params(prompt="a cat sat " * 30),
        params(num_frames=2, motion=0.5, num_inference_steps=2),
    ],
    ids=["image", "edit", "masked edit", "long prompt", "frames"],
)
def test_a_picture_in_bfloat16_is_near_the_one_in_float32(
    half: DiffusionPipeline, make: Make, wanted: ImageParams
) -> None:
    ours, expected = run(half, wanted), run(make(), wanted)
    assert ours.latents(0).dtype == torch.float32
    assert ours.latents(0).isfinite().all()
    for picture, other in zip(ours.pictures(), expected.pictures(), strict=True):
        assert abs(pixels(picture) - pixels(other)).mean() < 8


def test_a_preview_in_bfloat16_is_near_the_one_in_float32(half: DiffusionPipeline, make: Make) -> None:
    asked = params(preview_every=5)
    ours, expected = (run(pipeline, asked).progress()[-1].preview for pipeline in (half, make()))
    assert ours is not None
    assert expected is not None
    assert abs(pixels(ours) - pixels(expected)).mean() < 8
    assert isinstance(run(half, asked).requests[0].events[-1], Picture)
