"""A text pipeline without a model: each step takes a fixed time and writes a token of each answer."""

import os
import time
from collections.abc import Hashable, Sequence

from service.engine.events import Token
from service.engine.messages import EngineSpec
from service.engine.params import TextParams
from service.engine.request import Request

STEP_SECONDS = "TOKEN_PATH_STEP_SECONDS"
# Of byte-level vocabularies: pieces of words, no special tokens, no parts of characters.
FIRST_WORD, WORDS = 300, 1000


class TimedPipeline:
    """Answers the pipeline protocol; every answer has as many tokens as it may have."""

    def __init__(self, slots: int, step_seconds: float) -> None:
        self._slots = slots
        self._step_seconds = step_seconds
        self._last = 0.0

    def capacity(self) -> int:
        """One a slot."""
        return self._slots

    def cost(self, request: Request[TextParams]) -> int:  # noqa: ARG002 - all take one slot
        """Each request takes one slot."""
        return 1

    def arrive(self, request: Request[TextParams], others: Sequence[Request[TextParams]]) -> None:  # noqa: ARG002
        """A step for each token."""
        request.steps_left = request.params.max_tokens

    def start(self, request: Request[TextParams]) -> None:
        """Takes nothing."""

    def batch_key(self, request: Request[TextParams]) -> Hashable:  # noqa: ARG002 - there is one key
        """All requests share their steps."""
        return None

    def rows(self, request: Request[TextParams]) -> int:  # noqa: ARG002 - all are one row
        """Each request is one row of the width."""
        return 1

    def width(self, key: Hashable) -> int:  # noqa: ARG002 - there is one key
        """Every running request takes part in every step."""
        return self._slots

    def step(self, requests: Sequence[Request[TextParams]]) -> None:
        """A token for each, once the step's time is over since the step before."""
        time.sleep(max(0.0, self._last + self._step_seconds - time.monotonic()))
        self._last = time.monotonic()
        for request in requests:
            request.steps_left -= 1
            token = FIRST_WORD + request.steps_left % WORDS
            request.emit(Token(token, None if request.steps_left else "length"))

    def finish(self, request: Request[TextParams]) -> None:
        """Frees nothing."""


def load(spec: EngineSpec) -> TimedPipeline:
    """The pipeline of an engine process."""
    return TimedPipeline(spec.max_running, float(os.environ[STEP_SECONDS]))
