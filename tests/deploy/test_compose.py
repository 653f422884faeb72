"""deploy/compose.yaml: by Compose's own schema, and against what the service and Envoy really take."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic_settings import CliApp

from launcher.config import LaunchSettings
from rest_proxy.render import CONFIG
from service.config import Settings
from tests.deploy.recipe import ROOT, WORKDIR, stages

FILE = ROOT / "deploy" / "compose.yaml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PROFILES = ("cpu", "gpu")
VALIDATE = [
    str(Path(sys.executable).with_name("check-jsonschema")),
    "--builtin-schema",
    "vendor.compose-spec",
]
# What a stop takes after the grace time: cutting what is left, ending the engine and the server.
REST_OF_A_STOP_S = 10


def settings_of(name: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings that a container's environment makes."""
    for variable, value in SERVICES[name]["environment"].items():
        monkeypatch.setenv(variable, value)
    return CliApp.run(Settings, cli_args=[])


def published(name: str) -> list[tuple[str, int, int]]:
    """Address and port on the host, port in the container."""
    parts = [port.rsplit(":", 2) for port in SERVICES[name]["ports"]]
    return [(address, int(outside), int(inside)) for address, outside, inside in parts]


def test_the_file_fits_the_schema_of_compose() -> None:
    done = subprocess.run([*VALIDATE, str(FILE)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_schema_finds_a_wrong_key(tmp_path: Path) -> None:
    wrong = tmp_path / "compose.yaml"
    wrong.write_text(FILE.read_text().replace("stop_grace_period", "stop_grace"))
    done = subprocess.run([*VALIDATE, str(wrong)], capture_output=True, text=True)
    assert done.returncode == 1
    assert "stop_grace" in done.stdout


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_is_one_service_and_envoy(profile: str) -> None:
    names = {name for name, service in SERVICES.items() if profile in service["profiles"]}
    assert names == {"rest", f"generation-{profile}"}
    assert all(name in names for service in names for name in SERVICES[service].get("depends_on", ()))


def test_the_service_is_stopped_before_envoy() -> None:
    for profile in PROFILES:
        assert SERVICES[f"generation-{profile}"]["depends_on"] == {"rest": {"condition": "service_started"}}
    assert "depends_on" not in SERVICES["rest"]


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_built_is_in_the_dockerfile(name: str) -> None:
    build = SERVICES[name]["build"]
    context = (FILE.parent / build["context"]).resolve()
    assert context == ROOT
    assert (context / build["dockerfile"]).is_file()
    arguments = {line.split("=")[0] for line in stages()[build["target"]].all("ARG")}
    assert set(build.get("args", ())) <= arguments


@pytest.mark.parametrize("profile", PROFILES)
def test_the_environment_is_that_of_the_settings(profile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"generation-{profile}"
    ours = {key for key in SERVICES[name]["environment"] if key.startswith("GENERATION_")}
    assert ours <= {f"GENERATION_{field.upper()}" for field in Settings.model_fields}
    settings = settings_of(name, monkeypatch)
    assert settings.host == "0.0.0.0"
    assert settings.device == {"cpu": "cpu", "gpu": "cuda"}[profile]
    (volume,) = SERVICES[name]["volumes"]
    assert volume.split(":") == ["models", str(Path(WORKDIR, settings.models_dir))]
    assert stages()["service"].one("VOLUME") == volume.split(":")[1]
    assert "models" in COMPOSE["volumes"]


@pytest.mark.parametrize("profile", PROFILES)
def test_the_ports_are_the_usual_ones_on_loopback(profile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(f"generation-{profile}", monkeypatch)
    usual = LaunchSettings.model_fields
    assert settings.port == usual["port"].default
    assert published(f"generation-{profile}") == [("127.0.0.1", settings.port, settings.port)]
    ports = usual["rest_ports"].default
    assert published("rest") == [("127.0.0.1", port, port) for port in ports]
    listener = yaml.safe_load(CONFIG.read_text())["static_resources"]["listeners"][0]
    addresses = [listener["address"], *(more["address"] for more in listener["additional_addresses"])]
    assert tuple(address["socket_address"]["port_value"] for address in addresses) == ports


@pytest.mark.parametrize("profile", PROFILES)
def test_a_stop_leaves_time_for_calls_in_flight(profile: str) -> None:
    seconds = re.fullmatch(r"(\d+)s", SERVICES[f"generation-{profile}"]["stop_grace_period"])
    assert seconds is not None
    assert int(seconds.group(1)) >= Settings.model_fields["grace_s"].default + REST_OF_A_STOP_S


def test_torch_is_the_cpu_build_or_the_ordinary_one() -> None:
    assert SERVICES["generation-cpu"]["build"]["args"]["TORCH_INDEX"].endswith("/whl/cpu")
    assert "args" not in SERVICES["generation-gpu"]["build"]
    assert stages()["service"].one("ARG") == "TORCH_INDEX="
