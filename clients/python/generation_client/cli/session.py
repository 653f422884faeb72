"""A command's surroundings: the connection, the exit codes, what errors look like."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import grpc
import typer

from generation_client.client import Client
from generation_client.errors import GenerationError

CONNECT_TIMEOUT_S = 3.0
EXIT_CODES = """
**Exit codes**: 0 done; 1 the service failed; 2 a wrong option, field or name; 3 not available now: the
service is not there, loading or its queue is full; 4 the timeout passed; 5 a file cannot be read or
written, or is there already; 130 Ctrl-C.
"""
FAILED, WRONG, UNAVAILABLE, TOO_LATE, FILE = 1, 2, 3, 4, 5
_CODES = {
    grpc.StatusCode.INVALID_ARGUMENT: WRONG,
    grpc.StatusCode.NOT_FOUND: WRONG,
    grpc.StatusCode.UNAVAILABLE: UNAVAILABLE,
    grpc.StatusCode.RESOURCE_EXHAUSTED: UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED: TOO_LATE,
}


class FileProblem(Exception):
    """A file that cannot be read or may not be written."""


@dataclass(frozen=True)
class Session:
    """A connection, and how results are to look."""

    client: Client
    json: bool

    def print_json(self, result: object) -> None:
        """Prints a result as one line of JSON."""
        typer.echo(json.dumps(result, ensure_ascii=False))


@contextmanager
def session(server: str, as_json: bool) -> Iterator[Session]:
    """Connects; what fails inside ends the command with a line or two and an exit code."""
    try:
        with Client(server, connect_timeout=CONNECT_TIMEOUT_S) as client:
            yield Session(client, as_json)
    except GenerationError as error:
        show(error, as_json)
        raise typer.Exit(_CODES.get(error.code, FAILED)) from None
    except FileProblem as problem:
        typer.echo(json.dumps({"error": str(problem)}) if as_json else f"error: {problem}", err=True)
        raise typer.Exit(FILE) from None


def show(error: GenerationError, as_json: bool = False) -> None:
    """Prints an error of a call to standard error."""
    if as_json:
        typer.echo(json.dumps(_as_dict(error), ensure_ascii=False), err=True)
        return
    typer.echo(f"error: {error.message}", err=True)
    if hint := _hint(error):
        typer.echo(hint, err=True)


def ask(prompt: str | None) -> str:
    """The prompt that was given, or what comes through standard input."""
    if prompt is not None and prompt != "-":
        return prompt
    if prompt is None and sys.stdin.isatty():
        raise typer.BadParameter("give a prompt, or pipe one in", param_hint="PROMPT")
    return sys.stdin.buffer.read().decode(errors="replace").strip()


def _as_dict(error: GenerationError) -> dict[str, object]:
    fields = {violation.field: violation.description for violation in error.violations}
    return {
        "error": error.message,
        "code": error.code.name,
        "fields": fields,
        "retry_after": error.retry_after,
        "request_id": error.request_id,
    }


def _hint(error: GenerationError) -> str:
    if error.retry_after is not None:
        return f"Try again in {error.retry_after:.0f} s."
    if error.code == grpc.StatusCode.UNAVAILABLE and not error.reason:
        return "Is the service running there? --server or GENERATION_SERVER names another."
    if error.code == grpc.StatusCode.INTERNAL and error.request_id:
        return f"The service's log has more, request id {error.request_id}."
    return ""
