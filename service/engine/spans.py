"""The spans of a request in an engine: queue, steps, and within them decode."""

import time

from opentelemetry.context import Context
from opentelemetry.trace import Span, Tracer, set_span_in_context

from service.engine.ticket import Ticket


def record_spans(tracer: Tracer, ticket: Ticket) -> None:
    """Records how far a request came that has just left; its spans belong to the current one."""
    # Spans are on the wall clock, in nanoseconds.
    offset = time.time_ns() - time.monotonic_ns()

    def record(name: str, began: float, ended: float, within: Context | None = None, **says: int) -> Span:
        span = tracer.start_span(name, within, attributes=says, start_time=int(began * 1e9) + offset)
        span.end(int(ended * 1e9) + offset)
        return span

    if ticket.first_step is None or ticket.last_step is None:
        record("queue", ticket.admitted, time.monotonic())
        return
    record("queue", ticket.admitted, ticket.first_step)
    steps = record("steps", ticket.first_step, ticket.last_step, steps=ticket.steps)
    for began, ended in ticket.decodes:
        record("decode", began, ended, set_span_in_context(steps))
