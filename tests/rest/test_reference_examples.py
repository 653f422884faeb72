"""The examples of the API reference that concern text and health, as users paste them, on both ports."""

import asyncio
import json
import os
import shutil
from typing import Any

import httpx
import pytest

from tests.rest.client import detail_of
from tests.stack import Stack

CURL_TEXT = r"""curl -X POST http://localhost:8000/text/generate \
  -H "Content-Type: application/json" \
  -d '{
    "prompt": "What is machine learning?",
    "max_tokens": 100
  }'
"""

NODE_TEXT = """
const response = await fetch('http://localhost:8000/text/generate', {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({
    prompt: "Hello",
    max_tokens: 100
  })
});

const data = await response.json();
console.log(data.text);
"""

TEXT = {"prompt": "Tell me a funny joke", "max_tokens": 256, "temperature": 0.7, "top_p": 0.95}

IMAGE = {
    "prompt": "A beautiful sunset over mountains",
    "negative_prompt": "blurry, low quality",
    "style": "realistic",
    "num_inference_steps": 30,
    "guidance_scale": 7.5,
    "width": 1024,
    "height": 1024,
    "seed": None,
}

FRAMES = {
    "prompt": "A spinning cube",
    "style": "realistic",
    "num_frames": 4,
    "num_inference_steps": 25,
    "guidance_scale": 7.5,
    "seed": None,
}


@pytest.fixture(params=["first port", "second port"])
def url(request: pytest.FixtureRequest, stack: Stack) -> str:
    return stack.rest_urls[request.param == "second port"]


async def run(*command: str) -> str:
    """What a command prints; the proxies of the environment are not for loopback."""
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    process = await asyncio.create_subprocess_exec(*command, stdout=-1, stderr=-1, env=environment)
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return output.decode()


def check_text(answer: dict[str, Any], prompt: str) -> None:
    assert list(answer)[:3] == ["text", "prompt", "finish_reason"]
    assert answer["text"]
    assert answer["prompt"] == prompt
    assert answer["finish_reason"] in ("stop", "length")


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl")
async def test_the_curl_text_example(url: str) -> None:
    output = await run("bash", "-c", CURL_TEXT.replace("http://localhost:8000", url))
    check_text(json.loads(output), "What is machine learning?")


@pytest.mark.skipif(shutil.which("node") is None, reason="no Node")
async def test_the_node_text_example(url: str) -> None:
    script = NODE_TEXT.replace("http://localhost:8000", url)
    assert (await run("node", "--input-type=module", "-e", script)).strip() not in ("", "undefined")


async def test_the_text_request(url: str) -> None:
    async with httpx.AsyncClient(base_url=url, timeout=120, trust_env=False) as client:
        response = await client.post("/text/generate", json=TEXT)
    assert response.status_code == 200, response.text
    check_text(response.json(), "Tell me a funny joke")


async def test_the_health_request(url: str) -> None:
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        response = await client.get("/health")
    assert response.status_code == 200
    health = response.json()
    assert list(health) == ["status", "device", "models_dir"]
    assert health["status"] == "ok"
    assert health["device"] in ("cpu", "cuda")
    assert health["models_dir"]


@pytest.mark.parametrize(
    ("path", "request_"), [("/image/generate", IMAGE), ("/video/generate-frames", FRAMES)]
)
async def test_image_and_frame_requests_are_understood_and_find_no_model_yet(
    rest: httpx.AsyncClient, path: str, request_: dict[str, Any]
) -> None:
    assert detail_of(await rest.post(path, json=request_), 503)
