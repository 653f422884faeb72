"""One Chromium for all tests of the page."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.stack import Stack
from tests.web.browser import Browser, need_chromium, need_npm, running_browser


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(stack: Stack) -> AsyncIterator[Browser]:
    need_chromium()
    need_npm()
    async with running_browser(stack.rest_url) as browser:
        yield browser
