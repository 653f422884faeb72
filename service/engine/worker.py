"""An engine process: loads a pipeline and steps it until the service is gone or says stop."""

import logging
import os
import threading
import time
from collections import deque
from queue import Empty, SimpleQueue
from socket import socket

from service.engine.channel import Channel
from service.engine.messages import (
    Arrived,
    Cancel,
    EngineSpec,
    Heartbeat,
    Message,
    News,
    Ready,
    Start,
    StartFailed,
    Stepped,
    Stop,
    Submit,
    packed,
)
from service.engine.params import Params
from service.engine.request import Request
from service.engine.scheduler import Scheduler
from service.pipelines import load_pipeline

HEARTBEAT_S = 0.25
REMEMBERED_STEPS = 16
log = logging.getLogger(__name__)


class Worker:
    """The engine's own end of both pipes and the loop between them."""

    def __init__(self, work: socket, control: socket) -> None:
        self._inbox: SimpleQueue[Message] = SimpleQueue()
        self._step_began: float | None = None
        self._last_begun: deque[float] = deque(maxlen=REMEMBERED_STEPS)
        self._dropped: list[int] = []
        self._work = Channel(work, self._inbox.put, _exit)
        self._control = Channel(control, self._receive_control, _exit)

    def run(self) -> None:
        """Loads what the service asks for, then steps for ever."""
        start = self._inbox.get()
        assert isinstance(start, Start)
        threading.Thread(target=self._beat, name="heartbeat", daemon=True).start()
        scheduler = self._load(start.spec)
        self._control.send(Ready())
        while True:
            self._receive(scheduler)
            if news := _take_news(scheduler):
                self._work.send(Arrived(news))
            self._step(scheduler)

    def _load(self, spec: EngineSpec) -> Scheduler[Params]:
        try:
            return Scheduler(load_pipeline(spec))
        except Exception as error:
            log.exception("the %s engine could not load %s", spec.modality, spec.model)
            self._control.send(StartFailed(f"{type(error).__name__}: {error}"))
            self._control.close()
            time.sleep(1)  # the service ends this process as soon as it has read the reason
            raise SystemExit(1) from None

    def _receive(self, scheduler: Scheduler[Params]) -> None:
        """Takes in what has arrived; waits for something if there is nothing to do."""
        try:
            message = self._inbox.get(block=scheduler.idle)
            while True:
                self._handle(message, scheduler)
                message = self._inbox.get_nowait()
        except Empty:
            return

    def _handle(self, message: Message, scheduler: Scheduler[Params]) -> None:
        match message:
            case Submit():
                deadline = time.monotonic() + message.seconds_left
                scheduler.add(Request(message.request_id, message.params, deadline, message.call_id))
            case Cancel():
                if scheduler.cancel(message.request_id):
                    self._dropped.append(sum(began > message.at for began in self._last_begun))

    def _step(self, scheduler: Scheduler[Params]) -> None:
        self._step_began = began = time.monotonic()
        self._last_begun.append(began)
        batch = scheduler.step()
        self._step_began = None
        ended, news = time.monotonic(), _take_news(scheduler)
        running, waiting = len(scheduler.running), len(scheduler.waiting)
        self._work.send(Stepped(news, batch, began, ended, self._dropped, running, waiting))
        self._dropped = []

    def _receive_control(self, message: Message) -> None:
        if isinstance(message, Stop):
            _exit()
        self._inbox.put(message)

    def _beat(self) -> None:
        while True:
            began = self._step_began
            seconds = time.monotonic() - began if began is not None else 0.0
            self._control.send(Heartbeat(seconds))
            time.sleep(HEARTBEAT_S)


def _take_news(scheduler: Scheduler[Params]) -> News:
    return [
        (request.id, packed(event)) for request in scheduler.take_news() for event in request.take_events()
    ]


def _exit() -> None:
    """Ends the process from any thread: a long step or a load cannot hold it back."""
    os._exit(0)
