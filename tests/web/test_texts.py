"""Text in the browser: tokens as they come, a conversation, the copied forms, the history."""

import json
import sys
from itertools import pairwise

from tests.web.browser import Browser, output_of


async def test_text_appears_token_by_token(browser: Browser) -> None:
    seen = await browser.play("streamsText")
    texts = [text for text in seen["texts"] if text != "…"]
    assert len(texts) >= 5
    assert all(later.startswith(earlier) for earlier, later in pairwise(texts))
    assert "Paris" in texts[-1]
    assert seen["seed"] == 7


async def test_a_conversation_goes_on_and_its_copies_give_the_same_answer(browser: Browser) -> None:
    seen = await browser.play("converses")
    assert "Rome" in seen["answer"]
    events = (await output_of("bash", "-c", seen["curl"])).split("\n\n")
    pieces = [json.loads(event.removeprefix("data: ")).get("text", "") for event in events if event]
    assert "".join(pieces) == seen["answer"]
    assert await output_of(sys.executable, "-c", seen["Python"]) == seen["answer"]


async def test_the_page_works_by_keyboard_alone(browser: Browser) -> None:
    assert 0 <= await browser.play("worksByKeyboard") < 2**32


async def test_history_survives_a_reload_until_it_is_cleared(browser: Browser) -> None:
    seen = await browser.play("remembers")
    assert "Paris" in seen["opened"]
    assert seen["left"] == 0


async def test_history_keeps_the_newest_fifty(browser: Browser) -> None:
    seen = await browser.play("forgetsTheOldest")
    assert seen == {"count": 50, "newest": "TextSay hi.", "oldest": "Textold 12"}
