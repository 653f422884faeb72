"""The settings of the service: flags (`--port 50051`) or environment (`GENERATION_PORT=50051`)."""

import ipaddress
from typing import Literal

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.logs import LogFormat

Device = Literal["auto", "cpu", "cuda"]
NO_TRACES = "none"
Dtype = Literal["auto", "float32", "bfloat16", "float16", "int8", "float8"]


class Settings(BaseSettings):
    """Everything an operator can choose; every default works on a bare machine."""

    model_config = SettingsConfigDict(
        env_prefix="GENERATION_",
        cli_kebab_case=True,
        cli_implicit_flags=True,
        cli_prog_name="python -m service",
        frozen=True,
    )

    host: str = Field("127.0.0.1", description="address the gRPC port binds")
    port: int = Field(50051, ge=0, le=65535, description="gRPC port; 0 takes a free one")
    metrics_port: int = Field(9464, ge=0, le=65535, description="Prometheus port, on loopback; 0: free one")
    insecure: bool = Field(False, description="allow a non-loopback host without authentication")

    # A string: GET /health shows it as it was written, and a Path would drop the "./".
    models_dir: str = Field("./models", description="folder that holds the weights")
    text_model: str = Field("auto", description="model folder or catalogue name to serve; auto chooses")
    image_model: str = Field(
        "auto", description="model folder or catalogue name to serve; auto chooses, none serves no images"
    )
    device: Device = Field("auto", description="where models compute; auto prefers a GPU")
    dtype: Dtype = Field(
        "auto",
        description="number type; auto: bfloat16 on a GPU, on a CPU int8 for text and float32 for images; "
        "float8: text on an H100 or newer",
    )
    threads: int = Field(0, ge=0, description="CPU threads of an engine; 0 takes every core")

    context_tokens: int = Field(4096, ge=64, description="most tokens of prompt and answer together")
    max_running: int = Field(
        64, ge=1, le=256, description="most text requests worked on at once; their keys and values must fit"
    )
    kv_cache_bytes: int = Field(
        0,
        ge=0,
        description="memory for keys and values, in bytes; 0: a quarter of what is free, half on a GPU",
    )
    running_pixels: int = Field(
        16_777_216, ge=4096, description="area of image requests worked on at once, in pixels"
    )
    max_waiting: int = Field(64, ge=0, description="requests that may wait before more are refused")
    max_pixels: int = Field(1_572_864, ge=4096, description="largest image area, in pixels")
    max_frame_pixels: int = Field(16_777_216, ge=4096, description="largest area of all frames together")
    image_batch: int = Field(
        0, ge=0, description="images that share a denoising step; 0: one on a CPU, measured on a GPU"
    )
    batch_invariant: bool = Field(
        False, description="a seed means the same bytes on a GPU too, whoever shares the step; slower"
    )
    image_compile: bool = Field(
        False,
        description="compile the image model for single 1024x1024 images on a GPU: minutes once, then cached",
    )
    max_message_bytes: int = Field(64 << 20, ge=1 << 20, description="largest gRPC message, in bytes")

    deadline_s: float = Field(
        600.0, gt=0, le=600, description="deadline of calls that bring none, in seconds"
    )
    grace_s: float = Field(30.0, ge=0, description="time for calls in flight at a stop, in seconds")
    keepalive_s: float = Field(20.0, gt=0, description="silence after which a client is pinged, in seconds")
    keepalive_timeout_s: float = Field(10.0, gt=0, description="time for a ping's answer, in seconds")
    watchdog_s: float = Field(120.0, gt=0, description="longest single step of an engine, in seconds")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="least severe log line"
    )
    log_format: LogFormat = Field("text", description="log lines as text with key=value, or as json")
    trace_endpoint: str = Field(
        NO_TRACES,
        pattern=r"^(none|http://[^\s/]+:\d+)$",
        description="OTLP/gRPC collector that gets traces, as http://localhost:4317; none sends none",
    )

    @property
    def address(self) -> str:
        """host:port of the gRPC port; an IPv6 host in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @model_validator(mode="after")
    def _loopback_unless_insecure(self) -> "Settings":
        if not self.insecure and not is_loopback(self.host):
            raise ValueError(
                f"host {self.host} can be reached from other machines and the service has no "
                "authentication: bind 127.0.0.1, or add --insecure to allow it"
            )
        return self


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address; names other than localhost count as reachable."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def explain(program: str, error: ValidationError) -> str:
    """One line for each wrong setting."""
    lines = []
    for wrong in error.errors():
        names = [str(part) for part in wrong["loc"] if isinstance(part, str)]
        text = wrong["msg"].removeprefix("Value error, ")
        lines.append(": ".join([program, *names, text]))
    return "\n".join(lines)
