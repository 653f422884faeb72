"""The examples of the API reference, as users paste them, on both ports.

Images of the default size take seconds: those requests go literally to one port, and in small to the other.
"""

import asyncio
import base64
import json
import os
import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.grpc.images import opened, picture
from tests.stack import Stack

CURL_TEXT = r"""curl -X POST http://localhost:8000/text/generate \
  -H "Content-Type: application/json" \
  -d '{
    "prompt": "What is machine learning?",
    "max_tokens": 100
  }'
"""

CURL_IMAGE = r"""curl -X POST http://localhost:8000/image/generate \
  -H "Content-Type: application/json" \
  -d '{
    "prompt": "A cat wearing sunglasses",
    "num_inference_steps": 20
  }' > response.json

# Extract image from response
python3 -c "
import json, base64
with open('response.json') as f:
    data = json.load(f)
    with open('output.png', 'wb') as img:
        img.write(base64.b64decode(data['image_base64']))
"
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

EDIT = {
    "prompt": "Turn it into a painting",
    "image_base64": base64.b64encode(picture(256, 192)).decode(),
    "negative_prompt": "blurry, low quality",
    "style": "realistic",
    "num_inference_steps": 20,
    "guidance_scale": 7.5,
    "strength": 0.8,
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


async def run(*command: str, folder: Path | None = None) -> str:
    """What a command prints; the proxies of the environment are not for loopback."""
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    process = await asyncio.create_subprocess_exec(
        *command, stdout=-1, stderr=-1, env=environment, cwd=folder
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return output.decode()


def check_text(answer: dict[str, Any], prompt: str) -> None:
    assert list(answer)[:3] == ["text", "prompt", "finish_reason"]
    assert answer["text"]
    assert answer["prompt"] == prompt
    assert answer["finish_reason"] in ("stop", "length")


def check_answer(answer: dict[str, Any], picture_key: str, prompt: str) -> None:
    """The reference's keys come first; the seed that was drawn follows."""
    assert list(answer) == [picture_key, "prompt", "seed"]
    assert answer["prompt"] == prompt
    assert 0 <= answer["seed"] < 1 << 32


async def post(url: str, path: str, asked: dict[str, Any]) -> dict[str, Any]:
    """The answer to a request, as a client with patience gets it."""
    async with httpx.AsyncClient(base_url=url, timeout=170, trust_env=False) as client:
        response = await client.post(path, json=asked)
    assert response.status_code == 200, response.text[:1000]
    answer: dict[str, Any] = response.json()
    return answer


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


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl")
@pytest.mark.parametrize(("port", "size"), [(0, 1024), (1, 64)])
async def test_the_curl_image_example(stack: Stack, tmp_path: Path, port: int, size: int) -> None:
    script = CURL_IMAGE.replace("http://localhost:8000", stack.rest_urls[port])
    if size != 1024:
        script = script.replace('": 20\n', f'": 20, "width": {size}, "height": {size}\n')
    await run("bash", "-c", script, folder=tmp_path)
    assert opened((tmp_path / "output.png").read_bytes()).size == (size, size)
    check_answer(
        json.loads((tmp_path / "response.json").read_text()), "image_base64", "A cat wearing sunglasses"
    )


@pytest.mark.parametrize(("port", "size"), [(0, 128), (1, 1024)])
async def test_the_image_request(stack: Stack, port: int, size: int) -> None:
    asked = IMAGE | {"width": size, "height": size}
    answer = await post(stack.rest_urls[port], "/image/generate", asked)
    check_answer(answer, "image_base64", "A beautiful sunset over mountains")
    assert opened(base64.b64decode(answer["image_base64"])).size == (size, size)


async def test_the_edit_request(url: str) -> None:
    answer = await post(url, "/image/edit", EDIT)
    check_answer(answer, "image_base64", "Turn it into a painting")
    assert opened(base64.b64decode(answer["image_base64"])).size == (256, 192)


@pytest.mark.parametrize(("port", "size"), [(0, 1024), (1, 64)])
async def test_the_frames_request(stack: Stack, port: int, size: int) -> None:
    asked = FRAMES if size == 1024 else FRAMES | {"width": size, "height": size}
    answer = await post(stack.rest_urls[port], "/video/generate-frames", asked)
    check_answer(answer, "frames", "A spinning cube")
    assert [opened(base64.b64decode(frame)).size for frame in answer["frames"]] == [(size, size)] * 4
