"""Chat templates: from turns to the text that the model was trained on."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal, NoReturn

from jinja2 import nodes
from jinja2.exceptions import TemplateError
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class ChatTurn:
    """One turn of a conversation."""

    role: Role
    content: str


class ChatTemplate:
    """A model's Jinja chat template, rendered in a sandbox as transformers renders it.

    `special_tokens` are the variables that templates use beside the turns, such as `bos_token`.
    Raises ValueError if the template does not compile or cannot render a single user turn.
    """

    def __init__(self, source: str, special_tokens: Mapping[str, str]) -> None:
        self.source = source
        self._special_tokens = dict(special_tokens)
        try:
            self._template = _environment().from_string(source)
            self._render([ChatTurn("user", "Hello")])
        except TemplateError as error:
            raise ValueError("the chat template cannot render a user message") from error
        self._has_system_role = self._takes_system()

    def render(self, turns: Sequence[ChatTurn]) -> str:
        """The conversation as text, up to where the assistant answers.

        `turns`: an optional system turn, then user and assistant alternating, a user last.
        """
        return self._render(turns if self._has_system_role else _fold_system(turns))

    def _render(self, turns: Sequence[ChatTurn]) -> str:
        return self._template.render(
            messages=[{"role": turn.role, "content": turn.content} for turn in turns],
            tools=None,
            documents=None,
            add_generation_prompt=True,
            **self._special_tokens,
        )

    def _takes_system(self) -> bool:
        # Templates without the role either raise (Mistral v0.1, Gemma) or drop the text.
        marker = "be-brief-and-kind"
        try:
            return marker in self._render([ChatTurn("system", marker), ChatTurn("user", "Hello")])
        except TemplateError:
            return False


def read_chat_template(folder: Path, config: Mapping[str, object]) -> str | None:
    """The template of a model folder: `chat_template.jinja`, or the one in tokenizer_config.json.

    `config` is the content of tokenizer_config.json. Of several named ones it is the default.
    """
    path = folder / "chat_template.jinja"
    if path.is_file():
        return path.read_text(encoding="utf-8")
    source = config.get("chat_template")
    if isinstance(source, list):
        source = {named["name"]: named["template"] for named in source}.get("default")
    return source if isinstance(source, str) else None


def _fold_system(turns: Sequence[ChatTurn]) -> Sequence[ChatTurn]:
    if turns[0].role != "system":
        return turns
    system, first, *rest = turns
    return [replace(first, content=f"{system.content}\n\n{first.content}"), *rest]


class _GenerationTag(Extension):
    """{% generation %} marks the assistant's words for training; here it only shows its body."""

    tags = {"generation"}  # noqa: RUF012 - jinja2 declares it this way

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[_GenerationTag, loopcontrols]
    )
    environment.filters["tojson"] = _to_json
    environment.globals["raise_exception"] = _raise_exception
    environment.globals["strftime_now"] = _strftime_now
    return environment


def _to_json(value: object, indent: int | None = None) -> str:
    # Jinja's own filter escapes HTML, which no model was trained on.
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _raise_exception(message: str) -> NoReturn:
    raise TemplateError(message)


def _strftime_now(pattern: str) -> str:
    return datetime.now().strftime(pattern)
