import json
from typing import Any

import pytest
import yaml

from rest_proxy.errors import ProxyError
from rest_proxy.render import CONFIG, ROOT, ProxyAddresses, render, split_address


def rendered(**addresses: Any) -> dict[str, Any]:  # noqa: ANN401
    config: dict[str, Any] = json.loads(render(ProxyAddresses(**addresses)))
    return config


def sockets(node: object) -> list[tuple[str, int]]:
    """Every address and port below a node, in order."""
    if isinstance(node, dict):
        if "port_value" in node:
            return [(node["address"], node["port_value"])]
        node = list(node.values())
    return [found for child in node for found in sockets(child)] if isinstance(node, list) else []


def test_the_defaults_are_those_of_the_committed_file() -> None:
    committed = yaml.safe_load(CONFIG.read_text())
    text = render(ProxyAddresses()).replace(f"{ROOT}/", "")
    assert json.loads(text) == committed


def test_listeners_upstream_and_admin_are_set() -> None:
    config = rendered(host="127.0.0.2", ports=(1, 2, 3), upstream="10.0.0.1:4", admin_port=5)
    (listener,), (cluster,) = config["static_resources"]["listeners"], config["static_resources"]["clusters"]
    assert sockets(listener) == [("127.0.0.2", 1), ("127.0.0.2", 2), ("127.0.0.2", 3)]
    assert sockets(cluster) == [("10.0.0.1", 4)]
    assert sockets(config["admin"]) == [("127.0.0.1", 5)]


def test_envoy_traces_where_a_collector_is_named() -> None:
    resources = rendered(trace_endpoint="http://10.0.0.1:4317")["static_resources"]
    _, traces = resources["clusters"]
    (manager,) = (chain["filters"][0]["typed_config"] for chain in resources["listeners"][0]["filter_chains"])
    provider = manager["tracing"]["provider"]["typed_config"]
    assert provider["grpc_service"]["envoy_grpc"]["cluster_name"] == traces["name"]
    assert sockets(traces) == [("10.0.0.1", 4317)]


def test_one_port_is_enough() -> None:
    (listener,) = rendered(ports=(8000,))["static_resources"]["listeners"]
    assert sockets(listener) == [("127.0.0.1", 8000)]


def test_localhost_becomes_an_address_since_listeners_take_no_names() -> None:
    (listener,) = rendered(host="localhost", ports=(8000,))["static_resources"]["listeners"]
    assert sockets(listener) == [("127.0.0.1", 8000)]


def test_every_descriptor_path_is_absolute() -> None:
    text = json.dumps(rendered())
    assert text.count(f'"proto_descriptor": "{ROOT}/build/generation_') == text.count("proto_descriptor") == 5


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("127.0.0.1:50051", ("127.0.0.1", 50051)),
        ("generation:50051", ("generation", 50051)),
        ("[::1]:50051", ("::1", 50051)),
    ],
)
def test_addresses_are_host_and_port(address: str, parts: tuple[str, int]) -> None:
    assert split_address(address) == parts


@pytest.mark.parametrize(
    "address", ["", "localhost", ":50051", "localhost:", "a:0", "a:65536", "a:b", "http://a:1"]
)
def test_anything_else_is_no_address(address: str) -> None:
    with pytest.raises(ProxyError, match="host:port"):
        ProxyAddresses(upstream=address)


@pytest.mark.parametrize("ports", [(), (0,), (65536,), (8000, 8000), (9901,)])
def test_ports_are_valid_and_different(ports: tuple[int, ...]) -> None:
    with pytest.raises(ProxyError, match="ports"):
        ProxyAddresses(ports=ports)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4"])
def test_a_host_that_others_can_reach_needs_insecure(host: str) -> None:
    with pytest.raises(ProxyError, match="--insecure"):
        ProxyAddresses(host=host)
    assert ProxyAddresses(host=host, insecure=True).host == host
