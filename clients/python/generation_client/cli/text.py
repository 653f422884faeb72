"""`generate text`: answers an instruction, piece by piece."""

import sys
from dataclasses import asdict

import typer

from generation_client.cli import options as o
from generation_client.cli.session import Session, ask, session
from generation_client.requests import TextOptions
from generation_client.results import Text
from generation_client.streams import Stream


def text(
    prompt: o.TextPrompt = None,
    max_tokens: o.MaxTokens = None,
    temperature: o.Temperature = None,
    top_p: o.TopP = None,
    top_k: o.TopK = None,
    min_p: o.MinP = None,
    repetition_penalty: o.RepetitionPenalty = None,
    stop: o.Stop = None,
    seed: o.TextSeed = None,
    model: o.TextModel = None,
    timeout: o.Timeout = None,
    server: o.Server = o.SERVER,
    json: o.Json = False,
) -> None:
    """Answer an instruction."""
    asked = TextOptions(
        max_tokens=max_tokens,
        temperature=temperature,
        top_p=top_p,
        top_k=top_k,
        min_p=min_p,
        repetition_penalty=repetition_penalty,
        stop=stop,
        seed=seed,
        model=model,
    )
    words = ask(prompt)
    with session(server, json) as running:
        write(running, running.client.stream_text(words, timeout=timeout, **asked))


def write(running: Session, pieces: Stream[str, Text]) -> Text:
    """Writes the pieces to standard output as they come, or one JSON object at the end."""
    with pieces:
        for piece in pieces:
            if not running.json:
                typer.echo(harmless(piece) if sys.stdout.isatty() else piece, nl=False)
    answer = pieces.result
    if running.json:
        running.print_json(asdict(answer))
        return answer
    if not answer.text.endswith("\n"):
        typer.echo()
    if sys.stderr.isatty():
        told = f"[{answer.finish_reason}, {answer.completion_tokens} tokens, seed {answer.seed}]"
        typer.secho(told, err=True, dim=True)
    return answer


def harmless(text: str) -> str:
    """A text without control characters: a model could write what commands the terminal."""
    return "".join(char for char in text if char.isprintable() or char in "\n\t\u200d")
