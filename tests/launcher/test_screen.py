"""The screen that `make run` ends its start with."""

from generation.v1 import generation_pb2 as pb
from launcher.config import LaunchSettings
from launcher.screen import welcome

SETTINGS = LaunchSettings.model_validate({})
TEXT = pb.Model(name="words", modality="text", device="cpu", dtype="float32")
IMAGE = pb.Model(name="pictures", modality="image", device="cuda", dtype="bfloat16")


def test_each_model_is_shown_with_its_device() -> None:
    screen = welcome(SETTINGS, [TEXT, IMAGE], 3.21)
    assert "is ready after 3.2 s" in screen
    assert "  text     words on cpu, float32\n  image    pictures on cuda, bfloat16\n  page " in screen
    assert "make models" not in screen


def test_without_an_image_model_the_screen_says_how_to_get_one() -> None:
    (line,) = [line for line in welcome(SETTINGS, [TEXT], 1).splitlines() if "  image " in line]
    assert "`make models`" in line
    assert "--image-model" in line
