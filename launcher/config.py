"""The launcher's settings: the service's, and where REST is served."""

from pydantic import Field

from rest_proxy.render import ProxyAddresses
from service.config import Settings


class LaunchSettings(Settings):
    """Flags or GENERATION_ variables, like the service's own."""

    rest_host: str = Field("127.0.0.1", description="address the REST ports bind")
    rest_ports: tuple[int, ...] = Field((8000, 3000), min_length=1, description="REST ports, as [8000,3000]")
    admin_port: int = Field(9901, ge=1, le=65535, description="Envoy's admin port, on loopback")

    def service_environment(self) -> dict[str, str]:
        """The service's own settings as the environment variables it reads."""
        own = self.model_dump(include=set(Settings.model_fields))
        return {f"GENERATION_{name.upper()}": str(value) for name, value in own.items()}

    def proxy_addresses(self) -> ProxyAddresses:
        """Where Envoy listens and what is behind it. Raises ProxyError if that cannot be."""
        return ProxyAddresses(
            host=self.rest_host,
            ports=self.rest_ports,
            upstream=f"{self.host}:{self.port}",
            admin_port=self.admin_port,
            insecure=self.insecure,
        )
