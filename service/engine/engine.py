"""An engine as the service sees it: always there, although its process may come and go.

Submit a request and read its events; leaving the iterator cancels the request. When the process
dies, its requests fail with Unavailable at once and a new process is started, with a growing pause
if it keeps dying.
"""

import asyncio
import contextlib
import itertools
import logging
import time
from collections.abc import AsyncGenerator, Callable
from typing import Literal

from service import errors
from service.engine.admission import Admission
from service.engine.events import Event, Failed, Failure, ends
from service.engine.messages import Arrived, Cancel, EngineSpec, Message, Stepped, Submit
from service.engine.params import Params
from service.engine.process import EngineProcess
from service.metrics import Metrics

BACK_OFF_S = (0.2, 30.0)
HEALTHY_AFTER_S = 30.0
WATCH_EVERY_S = 0.5
State = Literal["loading", "ready", "failed", "stopped"]
log = logging.getLogger(__name__)


class Engine:
    """Requests in, events out, one process behind. `on_state` is told of every change of `state`."""

    def __init__(
        self,
        spec: EngineSpec,
        admission: Admission,
        metrics: Metrics,
        longest_step_s: float,
        on_state: Callable[[State], None],
    ) -> None:
        self.spec = spec
        self.state: State = "loading"
        self._admission = admission
        self._metrics = metrics.of_engine(spec.modality)
        self._longest_step_s = longest_step_s
        self._on_state = on_state
        self._ids = itertools.count(1)
        # The requests that the engine still works on.
        self._inboxes: dict[int, asyncio.Queue[Event]] = {}
        self._process: EngineProcess | None = None
        self._load_seconds = 10.0
        self._supervisor: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to load; `state` tells how it goes."""
        self._supervisor = asyncio.create_task(self._supervise(), name=f"{self.spec.modality}-engine")

    async def stop(self) -> None:
        """Ends the process; what is still in flight fails with Unavailable."""
        self._set_state("stopped")
        if self._supervisor is not None:
            self._supervisor.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._supervisor

    async def generate(self, params: Params, timeout_s: float) -> AsyncGenerator[Event, None]:
        """Runs one request and yields its events up to the one that ends it.

        Raises Unavailable, Overloaded, DeadlineExceeded or EngineError. Closing the generator early
        cancels the request: its slot is free before the next step.
        """
        process = self._ready_process()
        self._admission.enter()
        request_id = next(self._ids)
        inbox = self._inboxes[request_id] = asyncio.Queue()
        began = time.monotonic()
        process.work.send(Submit(request_id, params, timeout_s))
        try:
            while True:
                event = await inbox.get()
                if isinstance(event, Failed):
                    raise self._error(event.failure)
                yield event
                if ends(event):
                    return
        finally:
            self._admission.leave(time.monotonic() - began)
            if self._inboxes.pop(request_id, None) is not None:
                self._drop(process, request_id)

    def _ready_process(self) -> EngineProcess:
        if self._process is None or self.state != "ready":
            raise self._unavailable()
        return self._process

    def _unavailable(self) -> errors.Unavailable:
        doing = {"loading": "is loading its model", "stopped": "is shutting down"}
        text = f"the {self.spec.modality} engine {doing.get(self.state, 'stopped and is being restarted')}"
        return errors.Unavailable(text, retry_after=self._load_seconds)

    def _error(self, failure: Failure) -> errors.ServiceError:
        if failure == "deadline":
            return errors.DeadlineExceeded("the deadline passed before the request was complete")
        if failure == "cancelled":
            return self._unavailable()
        if failure == "out_of_memory":
            return errors.OutOfMemory(
                f"the {self.spec.modality} engine has not enough memory for this request, even alone: "
                f"reduce {'the width and height' if self.spec.modality == 'image' else 'the prompt'}"
            )
        return errors.EngineError(f"the {self.spec.modality} engine failed on this request")

    def _drop(self, process: EngineProcess, request_id: int) -> None:
        process.control.send(Cancel(request_id, time.monotonic()))
        self._metrics.dropped.inc()

    def _receive(self, message: Message) -> None:
        match message:
            case Stepped():
                self._metrics.stepped(message.batch, message.running, message.waiting)
                for steps in message.dropped:
                    self._metrics.drop_steps.observe(steps)
                self._deliver_all(message.events)
            case Arrived():
                self._deliver_all(message.events)

    def _deliver_all(self, events: list[tuple[int, list[Event]]]) -> None:
        for request_id, news in events:
            self._deliver(request_id, news)

    def _deliver(self, request_id: int, events: list[Event]) -> None:
        if (inbox := self._inboxes.get(request_id)) is not None:
            for event in events:
                inbox.put_nowait(event)
        if ends(events[-1]):
            self._inboxes.pop(request_id, None)

    async def _supervise(self) -> None:
        pause = BACK_OFF_S[0]
        while True:
            began = time.monotonic()
            try:
                await self._run_process()
            except OSError:
                log.exception("the %s engine's process could not be started", self.spec.modality)
            finally:
                self._lose_process()
            if time.monotonic() - began > HEALTHY_AFTER_S:
                pause = BACK_OFF_S[0]
            self._metrics.restarts.inc()
            log.warning("the %s engine is started again in %.1f s", self.spec.modality, pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, BACK_OFF_S[1])

    async def _run_process(self) -> None:
        began = time.monotonic()
        process = await EngineProcess.spawn(self.spec, self._receive)
        try:
            if await process.ready:
                self._load_seconds = time.monotonic() - began
                self._process = process
                self._set_state("ready")
                log.info(
                    "the %s engine serves %s after %.1f s",
                    self.spec.modality,
                    self.spec.model,
                    self._load_seconds,
                )
                await self._watch(process)
            self._lose_process()
        finally:
            code = await process.end()
            level = logging.INFO if self.state == "stopped" else logging.WARNING
            log.log(level, "the %s engine ended with code %d %s", self.spec.modality, code, process.reason)

    async def _watch(self, process: EngineProcess) -> None:
        while not process.gone.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.gone.wait(), WATCH_EVERY_S)
            if process.hung(self._longest_step_s):
                log.error("the %s engine hangs and is killed", self.spec.modality)
                process.kill()
                await process.gone.wait()

    def _lose_process(self) -> None:
        self._process = None
        self._metrics.running.set(0)
        self._metrics.waiting.set(0)
        if self.state != "stopped":
            self._set_state("failed")
        for inbox in self._inboxes.values():
            inbox.put_nowait(Failed("cancelled"))
        self._inboxes.clear()

    def _set_state(self, state: State) -> None:
        self.state = state
        self._on_state(state)
