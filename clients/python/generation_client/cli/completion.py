"""What the shell completes: names that the service knows. A service that is not there completes nothing."""

import typer

from generation_client.client import Client
from generation_client.errors import GenerationError

LIMIT_S = 1.0


def models(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Names of models, with what they make."""
    try:
        with _client(context) as client:
            served = client.models(timeout=LIMIT_S)
    except GenerationError:
        return []
    return [(model.name, model.modality) for model in served if model.name.startswith(incomplete)]


def styles(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Names of styles, with what they make of the prompt."""
    try:
        with _client(context) as client:
            known = client.styles(timeout=LIMIT_S)
    except GenerationError:
        return []
    return [(style.name, style.prompt) for style in known if style.name.startswith(incomplete)]


def _client(context: typer.Context) -> Client:
    return Client(context.params.get("server") or "localhost:50051")
