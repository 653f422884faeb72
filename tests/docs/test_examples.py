"""The README's examples, run as they are printed against the real service and the real Envoy."""

import json
import shutil
from pathlib import Path
from typing import Any

import grpc
import pytest
import pytest_asyncio
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from PIL import Image

from generation.v1 import generation_pb2 as pb
from tests.docs.documents import README, ROOT, blocks, commands, section
from tests.docs.workplace import Result, Workplace
from tests.stack import Stack

LIMIT = "67108864"
COMMAND_LINE = "### Python and the command line"


def need(*programs: str) -> pytest.MarkDecorator:
    missing = [program for program in programs if shutil.which(program) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not on PATH: {', '.join(missing)}")


@pytest.fixture(scope="module")
def workplace(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    return Workplace(tmp_path_factory.mktemp("workplace"), stack)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def node(workplace: Workplace) -> Workplace:
    """The workplace, with the Node example's packages installed as the README says."""
    (install,) = [command for command in commands(README) if command.startswith("npm")]
    result = await workplace.run(install)
    assert result.code == 0, result.errors
    return workplace


def command_of(heading: str, start: str) -> str:
    (found,) = [text for text in commands(section(README, heading)) if text.startswith(start)]
    return found


def answer(result: Result) -> str:
    assert result.code == 0, result.errors
    assert "Paris" in result.output
    return result.output


def events(output: str) -> list[dict[str, Any]]:
    return [json.loads(line.removeprefix("data: ")) for line in output.splitlines() if line]


@need("curl")
async def test_the_first_command_after_make_run_streams_an_answer(workplace: Workplace) -> None:
    (first,) = [text for text in commands(README.split("\n## ")[0]) if text.startswith("curl")]
    result = await workplace.run(first)
    assert result.code == 0, result.errors
    assert events(result.output)[-1]["finish_reason"] in ("stop", "length")


@need("curl")
async def test_the_curl_example_answers_what_is_printed(workplace: Workplace) -> None:
    output = answer(await workplace.run(commands(section(README, "### curl"))[0]))
    (printed,) = [block.text for block in blocks(section(README, "### curl")) if block.language == "json"]
    assert json.loads(output) == json.loads(printed)


@need("curl")
async def test_the_streaming_curl_example_sends_the_events_that_are_printed(workplace: Workplace) -> None:
    result = await workplace.run(commands(section(README, "### curl"))[1])
    assert result.code == 0, result.errors
    sent = events(result.output)
    (printed,) = [block.text for block in blocks(section(README, "### curl")) if block.language == "text"]
    assert "Paris" in "".join(event.get("text", "") for event in sent)
    assert sent[:2] + sent[-1:] == events(printed.replace("...\n", ""))


@need("curl", "python3")
async def test_the_image_examples_paint_edit_and_animate(workplace: Workplace) -> None:
    generate, stream, edit, frames = commands(section(README, "### curl, images"))
    assert (await workplace.run(generate)).code == 0
    with Image.open(workplace.folder / "cat.png") as picture:
        assert (picture.format, picture.size) == ("PNG", (512, 512))
    sent = events((await workplace.run(stream)).output)
    assert [event["step"] for event in sent if "preview" in event] == [5, 10, 15, 20]
    assert sent[-1]["finish_reason"] == "stop"
    assert (await workplace.run(edit)).code == 0
    assert list(json.loads((workplace.folder / "edit.json").read_text()))[:2] == ["image_base64", "prompt"]
    assert (await workplace.run(frames)).code == 0
    animation = json.loads((workplace.folder / "frames.json").read_text())
    assert len(animation["frames"]) == 4
    assert animation["animation"]


@pytest.mark.parametrize(
    ("heading", "language", "path"),
    [
        ("### Python, gRPC", "python", "examples/python/text.py"),
        ("### Node, gRPC", "javascript", "examples/node/text.mjs"),
        ("### Node, REST", "javascript", "examples/node/rest.mjs"),
        ("### C++, gRPC", "cpp", "examples/cpp/text.cc"),
    ],
)
def test_the_printed_program_is_the_one_in_its_file(heading: str, language: str, path: str) -> None:
    (printed,) = [block.text for block in blocks(section(README, heading)) if block.language == language]
    assert printed == (ROOT / path).read_text()
    assert LIMIT in printed or "gRPC" not in heading


async def test_the_python_example_streams_an_answer(workplace: Workplace) -> None:
    assert "seed" in answer(await workplace.run(command_of("### Python, gRPC", "PYTHONPATH")))


async def test_the_python_example_shows_which_field_is_wrong(workplace: Workplace) -> None:
    command = command_of("### Python, gRPC", "PYTHONPATH").partition('"')[0]
    result = await workplace.run(f'{command}" "')
    assert result.code == 1
    assert "INVALID_ARGUMENT" in result.errors
    assert "\n  prompt: is blank" in result.errors


async def test_the_commands_of_generate_do_what_they_say(workplace: Workplace) -> None:
    text, chat, *pictures, health = commands(section(README, COMMAND_LINE))
    answer(await workplace.run(text))
    assert (await workplace.run(f"{chat} < /dev/null")).code == 2  # a conversation needs a terminal
    for command in pictures:
        result = await workplace.run(f"{command} --steps 2")
        assert result.code == 0, result.errors
    assert json.loads((await workplace.run(health)).output)["status"] == "ok"
    for name in ("a-cat-wearing-sunglasses-7.png", "turn-it-into-a-painting-*.png", "a-spinning-cube-*.png"):
        assert list(workplace.folder.glob(name)), name


async def test_the_python_client_does_what_is_printed(workplace: Workplace) -> None:
    (printed,) = [b.text for b in blocks(section(README, COMMAND_LINE)) if b.language == "python"]
    quick = printed.replace("height=512", "height=512, num_inference_steps=2")
    assert quick != printed
    (workplace.folder / "printed.py").write_text(workplace.moved(quick))
    answer(await workplace.run(".venv/bin/python printed.py"))
    assert Image.open(workplace.folder / "cat.png").size == (512, 512)


@pytest.mark.parametrize("document", ["docs/openai.md", "clients/python/README.md"])
async def test_a_documents_python_example_prints_an_answer(document: str, workplace: Workplace) -> None:
    (printed,) = [block.text for block in blocks((ROOT / document).read_text()) if block.language == "python"]
    (workplace.folder / "example.py").write_text(workplace.moved(printed))
    result = await workplace.run(".venv/bin/python example.py")
    assert result.code == 0, result.errors
    assert len(result.output.strip()) > 1


@need("node", "npm")
async def test_the_node_example_streams_an_answer(node: Workplace) -> None:
    assert "seed" in answer(await node.run(command_of("### Node, gRPC", "node")))


@need("node", "npm")
async def test_the_node_example_says_what_is_wrong(node: Workplace) -> None:
    result = await node.run('node examples/node/text.mjs " "')
    assert result.code == 1
    assert result.errors.startswith("INVALID_ARGUMENT: prompt: is blank")


@need("node")
async def test_the_node_example_over_rest_streams_an_answer(workplace: Workplace) -> None:
    assert "seed" in answer(await workplace.run(command_of("### Node, REST", "node")))


@need("node")
async def test_the_node_example_over_rest_says_what_is_wrong(workplace: Workplace) -> None:
    result = await workplace.run('node examples/node/rest.mjs " "')
    assert result.code == 1
    assert result.errors.startswith("400: prompt: is blank")


def test_the_node_example_pins_its_packages() -> None:
    package = json.loads((ROOT / "examples/node/package.json").read_text())
    assert all(version[0].isdigit() for version in package["dependencies"].values())
    assert not Path(ROOT / "examples/node/package-lock.json").exists()


@need("g++", "grpc_cpp_plugin", "pkg-config")
async def test_the_cpp_example_streams_an_answer_and_says_what_is_wrong(workplace: Workplace) -> None:
    built = await workplace.run("examples/cpp/build.sh")
    assert built.code == 0, built.errors
    assert "seed" in answer(await workplace.run(command_of("### C++, gRPC", "build/cpp/text")))
    result = await workplace.run('build/cpp/text " "')
    assert result.code == 1
    assert result.errors.startswith("status 3: prompt: is blank")


@need("grpcurl")
async def test_the_grpcurl_examples_answer(workplace: Workplace) -> None:
    listing, stream = commands(section(README, "### grpcurl"))
    assert "generation.v1.Generation" in (await workplace.run(listing)).output
    assert "Paris" in answer(await workplace.run(stream))


async def test_the_grpcurl_examples_name_what_reflection_offers(channel: grpc.aio.Channel) -> None:
    _, stream = commands(section(README, "### grpcurl"))
    service, method = stream.split()[-1].split("/")
    request = json.loads(stream.split("'")[1])
    descriptor = pb.DESCRIPTOR.services_by_name["Generation"].methods_by_name[method]
    assert set(request) <= set(descriptor.input_type.fields_by_name)
    assert f"-max-msg-sz {LIMIT}" in stream
    stub: Any = reflection_pb2_grpc.ServerReflectionStub(channel)
    question = reflection_pb2.ServerReflectionRequest(list_services="")
    async for found in stub.ServerReflectionInfo(iter([question])):
        assert service in [offered.name for offered in found.list_services_response.service]
