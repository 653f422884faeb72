"""What the scheduler asks of a pipeline; text and diffusion both answer it."""

from collections.abc import Hashable, Sequence
from typing import Protocol, TypeVar

from service.engine.request import Request

P = TypeVar("P")


class OutOfMemory(Exception):
    """A step or a start did not fit the device's memory and changed nothing: it may be tried smaller."""


class Pipeline(Protocol[P]):
    """Advances requests by steps: a token, or a denoising iteration.

    All progress of a request lives in `request.state`, never on the pipeline.
    """

    def capacity(self) -> int:
        """The sum of `cost` that may run at once."""

    def cost(self, request: Request[P]) -> int:
        """What a running request takes of the capacity, from 1 to all of it."""

    def arrive(self, request: Request[P], others: Sequence[Request[P]]) -> None:
        """Sets `steps_left`, and may tell the request its place among the `others`."""

    def start(self, request: Request[P]) -> None:
        """Takes the request in: fills `state`. Raises OutOfMemory."""

    def batch_key(self, request: Request[P]) -> Hashable:
        """Requests with equal keys can share a step."""

    def rows(self, request: Request[P]) -> int:
        """What the request takes of its next step's width, from 1."""

    def width(self, key: Hashable) -> int:
        """The most rows that one step takes for this key; a request with more steps alone."""

    def step(self, requests: Sequence[Request[P]]) -> None:
        """Advances requests of one key by one step; they emit their events themselves.

        Raises OutOfMemory.
        """

    def finish(self, request: Request[P]) -> None:
        """Frees what a started request holds, complete or not."""
