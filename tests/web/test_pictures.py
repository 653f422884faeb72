"""Images, edits and frames in the browser: previews, results, cancels, errors beside their fields."""

import base64
import json
import sys
from pathlib import Path

import pytest

from tests.grpc.images import EngineWatch, opened, picture
from tests.stack import Stack
from tests.web.browser import Browser, output_of


async def test_an_image_follows_its_previews_and_its_seed_can_be_used_again(browser: Browser) -> None:
    seen = await browser.play("paintsAnImage")
    assert seen["previews"] >= 3
    assert seen["size"] == [128, 64]
    assert seen["seed"] == 7
    assert seen["reused"] == "7"


@pytest.mark.parametrize("how", ["drop", "paste"])
async def test_an_edit_takes_a_picture_that_is_dropped_or_pasted(browser: Browser, how: str) -> None:
    sent = base64.b64encode(picture(96, 64)).decode()
    seen = await browser.play("edits", how=how, picture=sent)
    assert (seen["seed"], seen["size"]) == (7, [96, 64])


async def test_the_copies_of_an_edit_give_one_picture(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "cat.png").write_bytes(picture(96, 64))
    sent = base64.b64encode(picture(96, 64)).decode()
    seen = await browser.play("edits", how="drop", picture=sent)
    events = (await output_of("bash", "-c", seen["curl"], folder=tmp_path)).strip().split("\n\n")
    by_curl = base64.b64decode(json.loads(events[-1].removeprefix("data: "))["image_base64"])
    await output_of(sys.executable, "-c", seen["Python"], folder=tmp_path)
    assert opened(by_curl).size == (96, 64)
    assert (tmp_path / "result.png").read_bytes() == by_curl


async def test_a_file_dropped_elsewhere_does_not_replace_the_page(browser: Browser) -> None:
    assert await browser.play("survivesADropBeside")


async def test_an_image_can_be_taken_over_into_an_edit(browser: Browser) -> None:
    assert await browser.play("editsAnImage") == [128, 64]


async def test_frames_play_until_they_are_paused(browser: Browser) -> None:
    seen = await browser.play("playsFrames")
    assert seen == {"shown": 3, "wentOn": 0, "download": "frames-7.webp"}


async def test_a_cancel_reaches_the_engine_within_a_step(browser: Browser, stack: Stack) -> None:
    watch = await EngineWatch.begin(stack.service)
    assert await browser.play("cancels") == "Cancelled."
    await watch.all_dropped_within_a_step(1)


async def test_the_service_s_errors_stand_beside_their_fields(browser: Browser) -> None:
    seen = await browser.play("marksWrongFields", prompt=" ", parameters={"width": 100})
    assert seen["focused"] == "image-prompt"
    assert seen["errors"] == {
        "image-prompt": "is blank, takes text",
        "image-width": "got 100, takes multiples of 8 from 64 to 2048",
    }


@pytest.mark.parametrize("wrong", ["many", "9e99"])
async def test_what_is_no_number_of_the_field_s_type_is_marked_too(browser: Browser, wrong: str) -> None:
    seen = await browser.play("marksWrongFields", prompt="a cat", parameters={"height": wrong})
    assert list(seen["errors"]) == [seen["focused"]] == ["image-height"]
