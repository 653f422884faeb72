"""The launcher's settings: the service's, and where REST is served."""

from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from rest_proxy.render import ProxyAddresses
from service.config import Settings


class LaunchSettings(Settings):
    """Runs the service and Envoy together. Every flag is also a GENERATION_ variable."""

    model_config = SettingsConfigDict(cli_prog_name="python -m launcher")

    rest_host: str = Field("127.0.0.1", description="address the REST ports bind")
    rest_ports: Annotated[tuple[int, ...], NoDecode] = Field(
        (8000, 3000), min_length=1, description="REST ports, as 8000,3000"
    )
    admin_port: int = Field(9901, ge=1, le=65535, description="Envoy's admin port, on loopback")

    @field_validator("rest_ports", mode="before")
    @classmethod
    def _split(cls, ports: object) -> object:
        return ports.strip("[]").split(",") if isinstance(ports, str) else ports

    def service_environment(self) -> dict[str, str]:
        """The service's own settings as the environment variables it reads."""
        own = self.model_dump(include=set(Settings.model_fields))
        return {f"GENERATION_{name.upper()}": str(value) for name, value in own.items()}

    def proxy_addresses(self) -> ProxyAddresses:
        """Where Envoy listens and what is behind it. Raises ProxyError if that cannot be."""
        return ProxyAddresses(
            host=self.rest_host,
            ports=self.rest_ports,
            upstream=self.address,
            admin_port=self.admin_port,
            trace_endpoint=self.trace_endpoint,
            insecure=self.insecure,
        )
