"""The pages through Envoy: types, headers, compression, and nothing from elsewhere."""

import gzip
import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser

import httpx
import pytest

from rest_proxy.render import OPENAPI
from tests.rest.client import detail_of
from tests.stack import Stack

TYPES = {
    "/": "text/html; charset=utf-8",
    "/app.js": "text/javascript; charset=utf-8",
    "/app.css": "text/css; charset=utf-8",
    "/icon.svg": "image/svg+xml",
    "/openapi.json": "application/json",
    "/docs": "text/html; charset=utf-8",
    "/docs/": "text/html; charset=utf-8",
    "/docs/docs.js": "text/javascript; charset=utf-8",
    "/docs/swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "/docs/swagger-ui.css": "text/css; charset=utf-8",
}
FILES = {"/": "index.html", "/docs": "docs.html", "/docs/": "docs.html"}
# What each page needs beyond its own scripts, styles and calls: pictures of its own making.
PICTURES = {"/": "blob:", "/docs": "data:"}


@pytest.fixture(params=["first port", "second port"])
async def browser(request: pytest.FixtureRequest, stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    url = stack.rest_urls[request.param == "second port"]
    async with httpx.AsyncClient(base_url=url, timeout=30, trust_env=False) as client:
        yield client


class Links(HTMLParser):
    """Collects where a page loads from, and what stands in it that a strict policy forbids."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.found += [value for name in ("src", "href") if (value := attributes.get(name))]
        if (tag == "script" and "src" not in attributes) or tag == "style" or "style" in attributes:
            self.inline.append(tag)


@pytest.mark.parametrize("path", TYPES)
async def test_pages_have_their_type_and_are_as_their_files(browser: httpx.AsyncClient, path: str) -> None:
    response = await browser.get(path)
    assert response.status_code == 200
    assert response.headers["content-type"] == TYPES[path]
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] in ("no-cache", "max-age=3600")
    name = FILES.get(path, path.rpartition("/")[2])
    file = OPENAPI if path == "/openapi.json" else OPENAPI.parent / "web" / name
    assert response.content == file.read_bytes()


@pytest.mark.parametrize("path", TYPES)
async def test_pages_answer_head_with_the_same_headers(browser: httpx.AsyncClient, path: str) -> None:
    plain = {"accept-encoding": "identity"}
    head, get = await browser.head(path, headers=plain), await browser.get(path, headers=plain)
    assert head.status_code == 200
    assert head.content == b""
    differ = ("date", "x-request-id")
    assert {n: v for n, v in head.headers.items() if n not in differ} == {
        n: v for n, v in get.headers.items() if n not in differ
    }


async def test_pages_are_compressed_for_those_who_ask_and_answers_are_not(browser: httpx.AsyncClient) -> None:
    asked = {"accept-encoding": "gzip"}
    async with browser.stream("GET", "/docs/swagger-ui-bundle.js", headers=asked) as response:
        assert response.headers["content-encoding"] == "gzip"
        raw = b"".join([part async for part in response.aiter_raw()])
    assert len(raw) < 600_000
    assert gzip.decompress(raw) == (OPENAPI.parent / "web" / "swagger-ui-bundle.js").read_bytes()
    for path in ("/styles", "/nope"):
        assert "content-encoding" not in (await browser.get(path, headers=asked)).headers


@pytest.mark.parametrize(("path", "script"), [("/", "/app.js"), ("/docs", "/docs/swagger-ui-bundle.js")])
async def test_a_page_loads_everything_from_where_it_came(
    browser: httpx.AsyncClient, path: str, script: str
) -> None:
    page = await browser.get(path)
    links = Links()
    links.feed(page.text)
    assert links.inline == []
    loaded = [link for link in links.found if link != "data:,"]
    assert script in loaded
    for link in loaded:
        assert re.match(r"/[^/]", link), f"{link} is of another host"
        assert (await browser.get(link)).status_code == 200


async def test_swagger_ui_asks_no_validator(browser: httpx.AsyncClient) -> None:
    script = (await browser.get("/docs/docs.js")).text
    assert 'url: "/openapi.json"' in script
    assert "validatorUrl: null" in script


@pytest.mark.parametrize("path", PICTURES)
async def test_the_policy_lets_in_nothing_from_elsewhere(browser: httpx.AsyncClient, path: str) -> None:
    policy = (await browser.get(path)).headers["content-security-policy"]
    rules = dict(rule.split(None, 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert set(" ".join(rules.values()).split()) == {"'none'", "'self'", PICTURES[path]}
    assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == "'self'"


@pytest.mark.parametrize(
    ("verb", "path"),
    [("POST", "/docs"), ("PUT", "/openapi.json"), ("GET", "/docs/LICENSE"), ("GET", "/docs/../envoy.yaml")],
)
async def test_other_verbs_and_paths_stay_404(browser: httpx.AsyncClient, verb: str, path: str) -> None:
    assert detail_of(await browser.request(verb, path), 404).startswith(f"no route for {verb} /")
