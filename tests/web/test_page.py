"""The page as a whole: weight, accessibility, narrow windows, what it shows of the contract."""

import json
from typing import Any

import pytest

from rest_proxy.render import OPENAPI
from service.models.catalogue import PICTUREBOOK
from service.styles import STYLES
from tests.web.browser import Browser

FIRST_LOAD = 150_000


async def test_the_first_load_is_light(browser: Browser) -> None:
    sizes: dict[str, int] = dict(await browser.play("loads"))
    assert {"/", "/app.js", "/app.css", "/openapi.json"} <= set(sizes)
    assert 0 < sum(sizes.values()) < FIRST_LOAD


@pytest.mark.parametrize("colors", ["light", "dark"])
async def test_axe_finds_no_fault(browser: Browser, colors: str) -> None:
    found = await browser.play("faults", colors=colors)
    assert found == []


async def test_nothing_is_wider_than_a_narrow_window(browser: Browser) -> None:
    assert await browser.play("overflow", viewport={"width": 320, "height": 700}) == [0, 0, 0, 0]


async def test_every_parameter_of_the_contract_is_there_with_its_range(browser: Browser) -> None:
    shown: dict[str, Any] = await browser.play("parameters", mode="image")
    schemas = json.loads(OPENAPI.read_text())["components"]["schemas"]
    fields = schemas["GenerateImageRequest"]["properties"]
    assert set(shown) == {f"image-{name}" for name in fields if name != "prompt"}
    assert shown["image-width"] == "64 to 2048, step 8"
    assert shown["image-guidance_scale"] == "0 to 30"
    assert len(shown["image-style"]) == len(STYLES)
    assert shown["image-style"][0] == "realistic"
    assert shown["image-model"] == [PICTUREBOOK.name]
