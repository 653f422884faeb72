"""What the launcher tells the person who started it."""

from generation.v1 import generation_pb2 as pb
from launcher.config import LaunchSettings


def welcome(settings: LaunchSettings, models: list[pb.Model], seconds: float) -> str:
    """One screen: what is served, where, and a first command to try."""
    rest = [f"http://{settings.rest_host}:{port}" for port in settings.rest_ports]
    lines = [
        f"The generation service is ready after {seconds:.1f} s.",
        "",
        *(f"  {model.modality:<8} {model.name} on {model.device}, {model.dtype}" for model in models),
        *_without_images(models),
        f"  page     {rest[0]}/  (for a browser)",
        f"  REST     {'  '.join(rest)}",
        f"  gRPC     {settings.address}  (gRPC and gRPC-Web on the REST ports too)",
        f"  metrics  http://127.0.0.1:{settings.metrics_port}/metrics",
        f"  weights  {settings.models_dir}",
        "",
        "Try, in another terminal:",
        "",
        f'  curl -N {rest[0]}/text/stream -d \'{{"prompt": "What is the capital of France?"}}\'',
        "",
        "Ctrl-C stops everything once the requests in flight are answered; a second one stops at once.",
    ]
    return "\n".join(lines)


def _without_images(models: list[pb.Model]) -> list[str]:
    if any(model.modality == "image" for model in models):
        return []
    return ["  image    no model: `make models` fetches one for a GPU, --image-model names one of your own"]
