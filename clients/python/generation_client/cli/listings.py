"""`generate models`, `styles` and `health`: what the service says of itself."""

from collections.abc import Sequence
from dataclasses import asdict

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from generation_client.cli import options as o
from generation_client.cli.session import UNAVAILABLE, Session, session
from generation_client.results import Model, Style

MODEL_COLUMNS = ("name", "modality", "state", "device", "dtype")  # more would not fit a terminal
STYLE_COLUMNS = ("name", "prompt", "negative_prompt")


def models(timeout: o.Timeout = None, server: o.Server = o.SERVER, json: o.Json = False) -> None:
    """List the models and their states; --json has their limits too."""
    with session(server, json) as running:
        _show(running, "models", running.client.models(timeout=timeout), MODEL_COLUMNS)


def styles(timeout: o.Timeout = None, server: o.Server = o.SERVER, json: o.Json = False) -> None:
    """List the styles that pictures can name."""
    with session(server, json) as running:
        _show(running, "styles", running.client.styles(timeout=timeout), STYLE_COLUMNS)


def health(timeout: o.Timeout = None, server: o.Server = o.SERVER, json: o.Json = False) -> None:
    """Say whether the service is up; exit code 3 unless it is "ok"."""
    with session(server, json) as running:
        found = running.client.health(timeout=timeout)
        if running.json:
            running.print_json(asdict(found))
        else:
            typer.echo(f"{found.status}, on {found.device}, models in {found.models_dir}")
    if found.status != "ok":
        raise typer.Exit(UNAVAILABLE)


def _show(running: Session, name: str, rows: Sequence[Model | Style], columns: Sequence[str]) -> None:
    if running.json:
        running.print_json({name: [asdict(row) for row in rows]})
        return
    table = Table(*(Column(column, overflow="fold") for column in columns), box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(escape(getattr(row, column)) for column in columns))
    Console().print(table)
