"""A service that has no image model: requests are checked as ever and then find none."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
import pytest_asyncio

from rest_proxy.envoy import Envoy
from tests.grpc.images import SMALL
from tests.rest.client import detail_of
from tests.rest.painting import PATHS, in_json
from tests.rest.upstream import free_addresses
from tests.stack import Service

REQUESTS = [(path, in_json(request)) for request in SMALL.values() for path in PATHS[type(request)]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def without_images(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    """A REST client of such a service; its text model may still be loading."""
    folder = tmp_path_factory.mktemp("without-images")
    service = Service({"image-model": "none"}, folder / "service.log")
    try:
        await service.until("SERVING", "")
        addresses = replace(free_addresses(), upstream=service.address)
        envoy = await Envoy.start(addresses, log_path=folder / "envoy.log")
        url = f"http://127.0.0.1:{addresses.ports[0]}"
        try:
            async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as client:
                yield client
        finally:
            await envoy.stop(0)
    finally:
        service.end()


@pytest.mark.parametrize(("path", "request_"), REQUESTS)
async def test_a_request_for_an_image_is_a_503_that_says_why(
    without_images: httpx.AsyncClient, path: str, request_: dict[str, Any]
) -> None:
    detail = detail_of(await without_images.post(path, json=request_), 503)
    assert detail.startswith("this service has no image model")


@pytest.mark.parametrize(("path", "request_"), REQUESTS)
async def test_a_wrong_request_for_an_image_is_still_a_400_or_a_404(
    without_images: httpx.AsyncClient, path: str, request_: dict[str, Any]
) -> None:
    wrong = request_ | {"num_inference_steps": 0}
    assert "num_inference_steps" in detail_of(await without_images.post(path, json=wrong), 400)
    other = request_ | {"model": "sdxl"}
    assert "this service has none" in detail_of(await without_images.post(path, json=other), 404)


async def test_models_are_those_for_text(without_images: httpx.AsyncClient) -> None:
    models = (await without_images.get("/models")).json()["models"]
    assert [model["modality"] for model in models] == ["text"]
