"""What GetHealth and ListModels say of engines in every state."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

import pytest

from service.config import Settings
from service.convert.status import health, models
from service.engine.engine import Engine, State
from service.engines import image_spec, text_spec
from service.models.choose import Choice

SETTINGS = Settings.model_validate({"max_running": 3, "running_pixels": 5 << 20, "max_waiting": 7})
TEXT = text_spec(SETTINGS, Choice("words", Path(), "cpu", "float32", ""), context_tokens=512)
IMAGE = image_spec(SETTINGS, Choice("pictures", Path(), "cuda", "bfloat16", ""))


@dataclass
class IdleEngine:
    """An engine in a state."""

    state: State
    spec: object = TEXT


def status(*states: State, draining: bool = False) -> str:
    return health([cast(Engine, IdleEngine(state)) for state in states], SETTINGS, draining=draining).status


@pytest.mark.parametrize(
    ("states", "told"),
    [
        (("ready",), "ok"),
        (("ready", "ready"), "ok"),
        (("ready", "loading"), "loading"),
        (("loading", "loading"), "loading"),
        (("loading", "failed"), "degraded"),
        (("ready", "failed"), "degraded"),
        (("ready", "stopped"), "degraded"),
    ],
)
def test_the_service_is_as_well_as_its_worst_engine(states: tuple[State, ...], told: str) -> None:
    assert status(*states) == told
    assert status(*states, draining=True) == "degraded"


def test_where_models_compute_is_the_gpu_if_any_does() -> None:
    engines = [cast(Engine, IdleEngine("ready", spec)) for spec in (TEXT, IMAGE)]
    assert health(engines, SETTINGS, draining=False).device == "cuda"
    assert health(engines[:1], SETTINGS, draining=False).device == "cpu"


def test_models_are_listed_with_the_limits_of_their_modality() -> None:
    engines = [cast(Engine, IdleEngine("ready", spec)) for spec in (TEXT, IMAGE)]
    text, image = models(engines, SETTINGS).models
    assert (text.modality, text.context_tokens, text.max_running, text.max_waiting) == ("text", 512, 3, 7)
    assert (text.max_pixels, text.max_frame_pixels) == (0, 0)
    assert (image.name, image.modality, image.dtype, image.max_running) == (
        "pictures",
        "image",
        "bfloat16",
        5,
    )
    assert (image.max_pixels, image.max_frame_pixels) == (SETTINGS.max_pixels, SETTINGS.max_frame_pixels)
    assert (image.context_tokens, image.max_waiting) == (0, 7)


def test_an_image_engine_works_on_one_request_at_least() -> None:
    settings = SETTINGS.model_copy(update={"running_pixels": 4096})
    assert image_spec(settings, Choice("pictures", Path(), "cpu", "float32", "")).max_running == 1


@pytest.mark.parametrize(("device", "compiled"), [("cuda", True), ("cpu", False)])
def test_an_image_model_is_compiled_on_a_gpu_alone(device: Literal["cpu", "cuda"], compiled: bool) -> None:
    settings = SETTINGS.model_copy(update={"image_compile": True})
    assert image_spec(settings, Choice("pictures", Path(), device, "float32", "")).compiled == compiled
