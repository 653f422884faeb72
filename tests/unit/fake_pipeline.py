"""A pipeline without a model: it counts, and records who shared each step."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from service.engine.events import Queued, Token
from service.engine.pipeline import OutOfMemory
from service.engine.request import Request


@dataclass(frozen=True)
class FakeParams:
    """A request of so many steps and rows; requests of one `shape` share steps."""

    steps: int = 1
    shape: str = "square"
    cost: int = 1
    rows: int = 1
    fails: str = ""
    told: bool = False


@dataclass
class FakePipeline:
    """Answers the pipeline protocol; `batches` are the request ids of each step that fitted.

    Its memory holds `most_held` started requests and steps of `most_rows`.
    """

    slots: int = 4
    widest: int = 4
    most_held: int = 1000
    most_rows: int = 1000
    batches: list[list[int]] = field(default_factory=list)
    held: set[int] = field(default_factory=set)

    def capacity(self) -> int:
        return self.slots

    def cost(self, request: Request[FakeParams]) -> int:
        return request.params.cost

    def arrive(self, request: Request[FakeParams], others: Sequence[Request[FakeParams]]) -> None:
        request.steps_left = request.params.steps
        if request.params.told:
            request.emit(Queued(len(others), sum(other.steps_left for other in others)))

    def batch_key(self, request: Request[FakeParams]) -> Hashable:
        return request.params.shape

    def rows(self, request: Request[FakeParams]) -> int:
        return request.params.rows

    def width(self, key: Hashable) -> int:
        return self.widest

    def start(self, request: Request[FakeParams]) -> None:
        if request.params.fails == "start":
            raise RuntimeError("no")
        if len(self.held) == self.most_held:
            raise OutOfMemory
        self.held.add(request.id)

    def step(self, requests: Sequence[Request[FakeParams]]) -> None:
        if sum(map(self.rows, requests)) > self.most_rows:
            raise OutOfMemory
        self.batches.append([request.id for request in requests])
        for request in requests:
            if request.params.fails == "step":
                raise RuntimeError("no")
            request.steps_left -= 1
            request.emit(Token(request.steps_left, None if request.steps_left else "stop"))

    def finish(self, request: Request[FakeParams]) -> None:
        self.held.remove(request.id)
