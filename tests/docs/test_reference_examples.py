"""The examples that the REST contract's own reference prints, run literally, but for the port."""

import base64
import json
from pathlib import Path

import pytest

from tests.docs.test_examples import need
from tests.docs.workplace import Workplace
from tests.stack import Stack

TEXT = """curl -X POST http://localhost:8000/text/generate \\
  -H "Content-Type: application/json" \\
  -d '{
    "prompt": "What is machine learning?",
    "max_tokens": 100
  }'
"""

IMAGE = """curl -X POST http://localhost:8000/image/generate \\
  -H "Content-Type: application/json" \\
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

NODE = """
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


@pytest.fixture
def reader(stack: Stack, tmp_path: Path) -> Workplace:
    return Workplace(tmp_path, stack)


@need("curl")
async def test_the_references_text_example_answers(reader: Workplace) -> None:
    result = await reader.run(TEXT)
    assert result.code == 0, result.errors
    assert json.loads(result.output)["text"]


@need("curl", "python3")
async def test_the_references_image_example_leaves_a_png(reader: Workplace) -> None:
    result = await reader.run(IMAGE)
    assert result.code == 0, result.errors
    answer = json.loads((reader.folder / "response.json").read_text())
    picture = (reader.folder / "output.png").read_bytes()
    assert picture == base64.b64decode(answer["image_base64"])
    assert picture.startswith(b"\x89PNG")


@need("node")
async def test_the_references_node_example_prints_the_text(reader: Workplace) -> None:
    (reader.folder / "example.mjs").write_text(reader.moved(NODE))
    result = await reader.run("node example.mjs")
    assert result.code == 0, result.errors
    assert len(result.output.strip()) > 1
