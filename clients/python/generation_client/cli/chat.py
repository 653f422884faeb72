"""`generate chat`: a conversation, turn by turn."""

import sys
from collections.abc import Iterator
from contextlib import suppress

import typer

from generation_client.cli import options as o
from generation_client.cli.session import Session, ask, session, show
from generation_client.cli.text import write
from generation_client.errors import GenerationError
from generation_client.requests import Message, TextOptions


def chat(
    message: o.ChatMessage = None,
    system: o.System = None,
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
    """Hold a conversation; with a message, answer that one."""
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
    turns: list[Message] = [{"role": "system", "content": system}] if system else []
    interactive = message is None and sys.stdin.isatty()
    said = _typed() if interactive else iter([ask(message)])
    with session(server, json) as running:
        for words in said:
            try:
                _turn(running, turns, words, timeout, asked)
            except GenerationError as error:
                if not interactive:
                    raise
                show(error, json)


def _turn(
    running: Session, turns: list[Message], words: str, timeout: float | None, asked: TextOptions
) -> None:
    """Answers and remembers; a turn that fails is forgotten, so that the conversation can go on."""
    user: Message = {"role": "user", "content": words}
    answer = write(running, running.client.stream_chat([*turns, user], timeout=timeout, **asked))
    turns += [user, {"role": "assistant", "content": answer.text}]


def _typed() -> Iterator[str]:
    """What is typed, line by line, until the end of input (Ctrl-D)."""
    with suppress(ImportError):
        import readline  # noqa: F401  # where there is one, input() edits lines with it
    typer.echo("Ctrl-D ends the conversation.", err=True)
    while True:
        try:
            words = input("> ").strip()
        except EOFError:
            typer.echo()
            return
        if words:
            yield words
