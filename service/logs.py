"""How the service and its engines log: a line a record on standard error, as text or JSON, never a prompt."""

import json
import logging
import shlex
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Literal

LogFormat = Literal["text", "json"]

# The request id of the call that is being answered: every line that is logged meanwhile carries it.
request_id: ContextVar[str] = ContextVar("request_id", default="")


def configure_logging(level: str, kind: LogFormat) -> None:
    """Sets the root logger up; `level` is debug, info, warning or error."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if kind == "json" else TextFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler])


def how_this_process_logs() -> tuple[str, LogFormat]:
    """What to hand to `configure_logging` in a child process."""
    root = logging.getLogger()
    json_lines = any(isinstance(handler.formatter, JsonFormatter) for handler in root.handlers)
    return logging.getLevelName(root.getEffectiveLevel()), "json" if json_lines else "text"


def fields(record: logging.LogRecord) -> dict[str, object]:
    """What a record says beside its message: the request id, and what `extra={"fields": ...}` names."""
    found = {"request_id": request_id.get()} | getattr(record, "fields", {})
    return {name: value for name, value in found.items() if value != ""}


class TextFormatter(logging.Formatter):
    """The message, then every field as key=value."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(process)d %(name)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """The line, before a traceback if there is one."""
        pairs = (f"{name}={shlex.quote(str(value))}" for name, value in fields(record).items())
        return " ".join([super().formatMessage(record), *pairs])


class JsonFormatter(logging.Formatter):
    """One object a line; a traceback is in `exception`."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        entry: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "process": record.process,
            "logger": record.name,
            "message": record.getMessage(),
        }
        entry |= fields(record)
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)
