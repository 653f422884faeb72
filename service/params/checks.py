"""Collects what is wrong with a request, so that its sender learns all of it at once."""

import secrets

from google.protobuf.message import Message

from service.errors import InvalidArgument, Violation
from service.params.limits import INT32_MAX, SEED_MAX, FloatField, IntField

# More than anyone corrects at once; a request with a million wrong messages stays cheap.
_MOST_VIOLATIONS = 16
_LONGEST_SHOWN = 40


class Checker:
    """Reads fields of one request and gathers a violation for each that is wrong.

    Every reader answers a usable value (the default, where the field is unset or wrong), so that
    checking can go on; `raise_if_any` ends it.
    """

    def __init__(self) -> None:
        self._violations: list[Violation] = []

    def refuse(self, field: str, description: str) -> None:
        """Notes a violation: the field's path and what it got and takes."""
        if len(self._violations) < _MOST_VIOLATIONS:
            self._violations.append(Violation(field, description))

    def sound(self, *fields: str) -> bool:
        """Whether nothing was wrong with these fields so far: what they make together can be checked."""
        return not any(violation.field in fields for violation in self._violations)

    def raise_if_any(self) -> None:
        """Raises InvalidArgument with every violation so far."""
        if self._violations:
            raise InvalidArgument(self._violations)

    def integer(self, request: Message, field: IntField) -> int:
        """An optional whole number."""
        if not request.HasField(field.name):
            return field.default
        value: int = getattr(request, field.name)
        if field.lowest <= value <= field.highest and value % field.multiple == 0:
            return value
        self.refuse(field.name, f"got {value}, takes {_int_range(field)}")
        return field.default

    def number(self, request: Message, field: FloatField) -> float:
        """An optional number; NaN and the infinities are outside every range."""
        if not request.HasField(field.name):
            return field.default
        value = _as_sent(getattr(request, field.name))
        if field.lowest <= value <= field.highest and not (field.above and value == field.lowest):
            return value
        above = "above " if field.above else ""
        self.refuse(field.name, f"got {value:g}, takes {above}{field.lowest:g} to {field.highest:g}")
        return field.default

    def seed(self, request: Message) -> int:
        """The seed; one that is unset is drawn."""
        if not request.HasField("seed"):
            return secrets.randbelow(SEED_MAX + 1)
        value: int = getattr(request, "seed")  # noqa: B009 - Message itself declares no fields
        if not 0 <= value <= SEED_MAX:
            self.refuse("seed", f"got {value}, takes 0 to {SEED_MAX}")
        return value

    def words(self, field: str, text: str, longest: int) -> None:
        """A text that is not blank and has at most `longest` characters."""
        if not text.strip():
            self.refuse(field, "is blank, takes text")
        self.length(field, text, longest)

    def length(self, field: str, text: str, longest: int) -> None:
        """A text, blank or not, of at most `longest` characters."""
        if len(text) > longest:
            self.refuse(field, f"got {len(text)} characters, takes at most {longest}")


def shown(text: str) -> str:
    """A text from a request as messages quote it: in quotes, escaped, cut where it is long."""
    return repr(text) if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]!r}..."


def _as_sent(value: float) -> float:
    # protobuf's float has 32 bits: 0.7 arrives as 0.699999988. Seven digits give back what was
    # meant, so that a value means the same whether it was sent or is the default.
    return float(f"{value:.7g}")


def _int_range(field: IntField) -> str:
    span = f"{field.lowest} and up" if field.highest == INT32_MAX else f"{field.lowest} to {field.highest}"
    return f"multiples of {field.multiple} from {span}" if field.multiple > 1 else span
