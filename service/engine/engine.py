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

from opentelemetry.trace import Tracer

from service import errors, logs
from service.engine.admission import Admission
from service.engine.events import Event, Failed, Failure, ends
from service.engine.failures import as_error
from service.engine.messages import Cancel, EngineSpec, Submit
from service.engine.params import Params
from service.engine.process import EngineProcess
from service.engine.spans import record_spans
from service.engine.ticket import Tickets
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
        tracer: Tracer,
        longest_step_s: float,
        on_state: Callable[[State], None],
    ) -> None:
        self.spec = spec
        self.state: State = "loading"
        self._admission = admission
        self._metrics = metrics.of_engine(spec.modality)
        self._metrics.memory.set_function(self._memory_bytes)
        self._tracer = tracer
        self._longest_step_s = longest_step_s
        self._on_state = on_state
        self._ids = itertools.count(1)
        self._tickets = Tickets(self._metrics)
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

    async def generate(self, params: Params, timeout_s: float) -> AsyncGenerator[list[Event], None]:
        """Runs one request and yields its events up to the one that ends it.

        Each time those that have come since the last time: one, unless the reader was slower.

        Raises Unavailable, Overloaded, DeadlineExceeded or EngineError. Closing the generator early
        cancels the request: its slot is free before the next step.
        """
        process = self._ready_process()
        self._admission.enter()
        request_id = next(self._ids)
        ticket = self._tickets.add(request_id)
        process.work.send(Submit(request_id, params, timeout_s, logs.request_id.get()))
        try:
            while True:
                events = await ticket.take()
                last = events[-1]
                failure = last.failure if isinstance(last, Failed) else None
                if made := events[:-1] if failure else events:
                    yield made
                if failure:
                    raise self._error(failure)
                if ends(last):
                    return
        finally:
            self._admission.leave(time.monotonic() - ticket.admitted)
            if self._tickets.remove(request_id):
                self._drop(process, request_id)
            record_spans(self._tracer, ticket)

    def _ready_process(self) -> EngineProcess:
        if self._process is None or self.state != "ready":
            raise self._unavailable()
        return self._process

    def _unavailable(self) -> errors.Unavailable:
        doing = {"loading": "is loading its model", "stopped": "is shutting down"}
        text = f"the {self.spec.modality} engine {doing.get(self.state, 'stopped and is being restarted')}"
        return errors.Unavailable(text, retry_after=self._load_seconds)

    def _error(self, failure: Failure) -> errors.ServiceError:
        # What the engine was told to cancel has no reader any more; this one's process went.
        return self._unavailable() if failure == "cancelled" else as_error(failure, self.spec.modality)

    def _drop(self, process: EngineProcess, request_id: int) -> None:
        process.control.send(Cancel(request_id, time.monotonic()))
        self._metrics.dropped.inc()

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
        process = await EngineProcess.spawn(self.spec, self._tickets.receive)
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
        if self.state != "stopped":
            self._set_state("failed")
        self._tickets.lose()

    def _memory_bytes(self) -> float:
        return self._process.memory_bytes if self._process is not None else 0

    def _set_state(self, state: State) -> None:
        self.state = state
        self._on_state(state)
