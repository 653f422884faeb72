"""What the scheduler asks of a pipeline; text and diffusion both answer it."""

from collections.abc import Hashable, Sequence
from typing import Protocol, TypeVar

from service.engine.request import Request

P = TypeVar("P")


class Pipeline(Protocol[P]):
    """Advances requests by steps: a token, or a denoising iteration.

    All progress of a request lives in `request.state`, never on the pipeline.
    """

    def capacity(self) -> int:
        """The sum of `cost` that may run at once."""

    def cost(self, request: Request[P]) -> int:
        """What a running request takes of the capacity, from 1."""

    def start(self, request: Request[P]) -> None:
        """Takes the request in: fills `state` and `steps_left`."""

    def batch_key(self, request: Request[P]) -> Hashable:
        """Requests with equal keys can share a step."""

    def width(self, key: Hashable) -> int:
        """The most requests that one step takes for this key, from 1."""

    def step(self, requests: Sequence[Request[P]]) -> None:
        """Advances requests of one key by one step; they emit their events themselves."""

    def finish(self, request: Request[P]) -> None:
        """Frees what a started request holds, complete or not."""
