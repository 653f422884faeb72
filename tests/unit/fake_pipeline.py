"""A pipeline without a model: it counts, and records who shared each step."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from service.engine.request import Request, Token


@dataclass(frozen=True)
class FakeParams:
    """A request of so many steps; requests of one `shape` share steps."""

    steps: int = 1
    shape: str = "square"
    cost: int = 1
    fails: str = ""


@dataclass
class FakePipeline:
    """Answers the pipeline protocol; `batches` are the request ids of each step."""

    slots: int = 4
    widest: int = 4
    batches: list[list[int]] = field(default_factory=list)
    held: set[int] = field(default_factory=set)

    def capacity(self) -> int:
        return self.slots

    def cost(self, request: Request[FakeParams]) -> int:
        return request.params.cost

    def batch_key(self, request: Request[FakeParams]) -> Hashable:
        return request.params.shape

    def width(self, key: Hashable) -> int:
        return self.widest

    def start(self, request: Request[FakeParams]) -> None:
        if request.params.fails == "start":
            raise RuntimeError("no")
        request.steps_left = request.params.steps
        self.held.add(request.id)

    def step(self, requests: Sequence[Request[FakeParams]]) -> None:
        self.batches.append([request.id for request in requests])
        for request in requests:
            if request.params.fails == "step":
                raise RuntimeError("no")
            request.steps_left -= 1
            request.emit(Token(request.steps_left, None if request.steps_left else "stop"))

    def finish(self, request: Request[FakeParams]) -> None:
        self.held.remove(request.id)
