"""Envoy's configuration for other addresses: `envoy.yaml` is parsed, and named values are set.

listener "rest"        host and ports
cluster "generation"   the service's host and port
admin                  its port; it always stays on loopback
proto_descriptor       an absolute path, wherever the key occurs
filename               the same: the files of the pages

Where a collector is named, the listener gets `tracing` and there is a cluster "traces" too.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import yaml

from rest_proxy.errors import ProxyError
from service.config import NO_TRACES, is_loopback

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
Section: TypeAlias = dict[str, Json]

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / "envoy.yaml"
TRACING = Path(__file__).with_name("tracing.yaml")
BUILD = ROOT / "build"
OPENAPI = BUILD / "openapi.json"
BUILT = (BUILD / "generation_rest.binpb", BUILD / "generation_openai.binpb", OPENAPI)


@dataclass(frozen=True)
class ProxyAddresses:
    """Where Envoy listens, and the service behind it.

    `ports` is one or more; each serves REST, gRPC and gRPC-Web alike. `upstream` is the host:port of
    the service's gRPC. `trace_endpoint` is the URL of an OTLP/gRPC collector, or NO_TRACES. A `host` that
    other machines can reach needs `insecure`: there is no authentication.
    """

    host: str = "127.0.0.1"
    ports: tuple[int, ...] = (8000, 3000)
    upstream: str = "127.0.0.1:50051"
    admin_port: int = 9901
    trace_endpoint: str = NO_TRACES
    insecure: bool = False

    def __post_init__(self) -> None:
        if not self.insecure and not is_loopback(self.host):
            raise ProxyError(
                f"host {self.host} can be reached from other machines and the service has no "
                "authentication: listen on 127.0.0.1, or add --insecure to allow it"
            )
        used = (*self.ports, self.admin_port)
        if not self.ports or len(set(used)) != len(used) or not all(0 < port < 65536 for port in used):
            raise ProxyError(f"the ports {used} must be different ones from 1 to 65535")
        split_address(self.upstream)
        if self.trace_endpoint != NO_TRACES:
            split_address(self.trace_endpoint.removeprefix("http://"))


def render(addresses: ProxyAddresses, config: Path = CONFIG) -> str:
    """The configuration as JSON text. ProxyError if `config` lacks what is to be set."""
    bootstrap = yaml.safe_load(config.read_text())
    try:
        _set_listener(_named(bootstrap["static_resources"]["listeners"], "rest"), addresses)
        _set_upstream(_named(bootstrap["static_resources"]["clusters"], "generation"), addresses.upstream)
        bootstrap["admin"]["address"] = _address("127.0.0.1", addresses.admin_port)
        if addresses.trace_endpoint != NO_TRACES:
            _add_tracing(bootstrap["static_resources"], addresses.trace_endpoint)
    except (KeyError, TypeError, StopIteration) as error:
        raise ProxyError(f"{config} lacks the listener rest, the cluster generation or admin") from error
    for key in ("proto_descriptor", "filename"):
        for section in _sections_with(key, bootstrap):
            section[key] = str(ROOT / str(section[key]))
    return json.dumps(bootstrap, indent=1)


def split_address(address: str) -> tuple[str, int]:
    """Host and port of "host:port"; an IPv6 host may stand in brackets. ProxyError for anything else."""
    host, _, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or "/" in host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ProxyError(f"{address!r} is no address: it takes host:port")
    return host, int(port)


def _set_listener(listener: Section, addresses: ProxyAddresses) -> None:
    host = "127.0.0.1" if addresses.host == "localhost" else addresses.host  # listeners take no names
    first, *others = (_address(host, port) for port in addresses.ports)
    listener["address"] = first
    if sys.platform != "linux":
        listener.pop("socket_options", None)  # their numbers are Linux's
    listener["additional_addresses"] = [{"address": other} for other in others]


def _set_upstream(cluster: Section, upstream: str) -> None:
    endpoint: Json = {"endpoint": {"address": _address(*split_address(upstream))}}
    cluster["load_assignment"] = {
        "cluster_name": cluster["name"],
        "endpoints": [{"lb_endpoints": [endpoint]}],
    }


def _add_tracing(resources: dict[str, list[Section]], endpoint: str) -> None:
    added: dict[str, Section] = yaml.safe_load(TRACING.read_text())
    _set_upstream(added["cluster"], endpoint.removeprefix("http://"))
    resources["clusters"].append(added["cluster"])
    for manager in _sections_with("http_filters", _named(resources["listeners"], "rest")):
        manager["tracing"] = added["tracing"]


def _address(host: str, port: int) -> Json:
    return {"socket_address": {"address": host, "port_value": port}}


def _named(sections: list[Section], name: str) -> Section:
    return next(section for section in sections if section["name"] == name)


def _sections_with(key: str, node: Json) -> Iterator[Section]:
    if isinstance(node, dict):
        if key in node:
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from _sections_with(key, child)
