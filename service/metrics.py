"""What operators count, in Prometheus's terms. Served on loopback by `serve`."""

from dataclasses import dataclass
from threading import Thread
from wsgiref.simple_server import WSGIServer

import grpc
from prometheus_client import (
    GC_COLLECTOR,
    PLATFORM_COLLECTOR,
    PROCESS_COLLECTOR,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    start_http_server,
)

SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
TOKEN_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 1, 2.5)


@dataclass(frozen=True, slots=True)
class EngineMetrics:
    """What is counted of one engine."""

    steps: Counter
    batch: Histogram
    running: Gauge
    waiting: Gauge
    queue_seconds: Histogram
    memory: Gauge
    restarts: Counter
    dropped: Counter
    drop_steps: Histogram

    def stepped(self, batch: int, running: int, waiting: int) -> None:
        """Counts one step of `batch` requests together that left so many running and waiting.

        With a batch of 0 there was nothing to advance, only something to drop.
        """
        if batch:
            self.steps.inc()
            self.batch.observe(batch)
        self.running.set(running)
        self.waiting.set(waiting)


class Metrics:
    """All counters of one service, in a registry of its own so that tests can run several."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        for collector in (GC_COLLECTOR, PLATFORM_COLLECTOR, PROCESS_COLLECTOR):
            registry.register(collector)
        call, engine = ["method"], ["engine"]
        self.calls = Counter(
            "generation_calls", "Calls, by the code they ended with", ["method", "code"], registry=registry
        )
        self.in_flight = Gauge("generation_calls_in_flight", "Calls being answered", call, registry=registry)
        self.seconds = Histogram(
            "generation_call_seconds", "Seconds a call took", call, buckets=SECONDS, registry=registry
        )
        self.prompt_tokens = Counter("generation_prompt_tokens", "Tokens read in prompts", registry=registry)
        self.completion_tokens = Counter("generation_completion_tokens", "Tokens written", registry=registry)
        self.first_token = Histogram(
            "generation_time_to_first_token_seconds",
            "Seconds from a text request's admission to its first token",
            buckets=SECONDS,
            registry=registry,
        )
        self.between_tokens = Histogram(
            "generation_time_between_tokens_seconds",
            "Seconds from a token to the next one of its answer",
            buckets=TOKEN_SECONDS,
            registry=registry,
        )
        self.first_picture = Histogram(
            "generation_time_to_first_picture_seconds",
            "Seconds from an image request's admission to its first preview or picture",
            buckets=SECONDS,
            registry=registry,
        )
        self._steps = Counter("generation_engine_steps", "Steps an engine took", engine, registry=registry)
        self._batch = Histogram(
            "generation_engine_batch_requests",
            "Requests that took a step together",
            engine,
            buckets=(1, 2, 4, 8, 16, 32),
            registry=registry,
        )
        self._running = Gauge(
            "generation_engine_running", "Requests in an engine's batch", engine, registry=registry
        )
        self._waiting = Gauge(
            "generation_engine_waiting", "Requests waiting in an engine", engine, registry=registry
        )
        self._queue_seconds = Histogram(
            "generation_engine_queue_seconds",
            "Seconds from a request's admission to its first step",
            engine,
            buckets=SECONDS,
            registry=registry,
        )
        self._memory = Gauge(
            "generation_engine_memory_bytes",
            "Resident memory of an engine's process, 0 while it is not ready",
            engine,
            registry=registry,
        )
        self._restarts = Counter(
            "generation_engine_restarts", "Times an engine was started again", engine, registry=registry
        )
        self._dropped = Counter(
            "generation_engine_dropped",
            "Requests whose caller left, or had enough at a stop string",
            engine,
            registry=registry,
        )
        self._drop_steps = Histogram(
            "generation_engine_drop_steps",
            "Steps that began between a caller's leaving and its request's leaving the engine",
            engine,
            buckets=(0, 1, 2, 5),
            registry=registry,
        )

    def of_engine(self, name: str) -> EngineMetrics:
        """The counters of the engine of this modality."""
        return EngineMetrics(
            steps=self._steps.labels(name),
            batch=self._batch.labels(name),
            running=self._running.labels(name),
            waiting=self._waiting.labels(name),
            queue_seconds=self._queue_seconds.labels(name),
            memory=self._memory.labels(name),
            restarts=self._restarts.labels(name),
            dropped=self._dropped.labels(name),
            drop_steps=self._drop_steps.labels(name),
        )

    def called(self, method: str, code: grpc.StatusCode, seconds: float) -> None:
        """Counts a call that has ended; `in_flight` was raised when it began."""
        self.calls.labels(method, code.name).inc()
        self.seconds.labels(method).observe(seconds)
        self.in_flight.labels(method).dec()

    def serve(self, port: int) -> tuple[WSGIServer, Thread]:
        """Serves /metrics on loopback. Raises OSError if the port is taken."""
        return start_http_server(port, addr="127.0.0.1", registry=self.registry)
