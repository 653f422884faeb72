"""What a call can fail with, and the gRPC status each failure becomes.

    ServiceError
    ├── InvalidArgument     INVALID_ARGUMENT    BadRequest: one violation a wrong field
    ├── NotFound            NOT_FOUND
    ├── Overloaded          RESOURCE_EXHAUSTED  RetryInfo
    ├── Unavailable         UNAVAILABLE         RetryInfo
    ├── DeadlineExceeded    DEADLINE_EXCEEDED
    ├── EngineError         INTERNAL            ErrorInfo, reason ENGINE_FAILED
    │   └── OutOfMemory     INTERNAL            ErrorInfo, reason OUT_OF_MEMORY
    └── InternalError       INTERNAL            ErrorInfo, reason INTERNAL

Texts name the field, what it got and what it takes. They never carry a path, a traceback or
another exception's text: those go to the log.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

DOMAIN = "generation.v1"


@dataclass(frozen=True, slots=True)
class Violation:
    """What is wrong with one field: its path in the request and what it got and takes."""

    field: str
    description: str


class ServiceError(Exception):
    """A failure with a status of its own; `detail` is the text that the client sees."""

    code: ClassVar[grpc.StatusCode] = grpc.StatusCode.INTERNAL
    reason: ClassVar[str] = "INTERNAL"
    retry_after: float | None = None

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail

    def details(self) -> Sequence[Message]:
        """The google.rpc messages that say more than the text, ErrorInfo aside."""
        return ()


class InvalidArgument(ServiceError):
    """One or more fields of the request are wrong."""

    code = grpc.StatusCode.INVALID_ARGUMENT
    reason = "INVALID_ARGUMENT"

    def __init__(self, violations: Sequence[Violation]) -> None:
        super().__init__("; ".join(f"{v.field}: {v.description}" for v in violations))
        self.violations = tuple(violations)

    def details(self) -> Sequence[Message]:
        """A BadRequest with the violations."""
        violation = error_details_pb2.BadRequest.FieldViolation
        fields = [violation(field=v.field, description=v.description) for v in self.violations]
        return (error_details_pb2.BadRequest(field_violations=fields),)


class NotFound(ServiceError):
    """The request names something that does not exist here."""

    code = grpc.StatusCode.NOT_FOUND
    reason = "NOT_FOUND"


class _Retriable(ServiceError):
    def __init__(self, detail: str, retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.retry_after = retry_after

    def details(self) -> Sequence[Message]:
        """A RetryInfo with the delay, where one is known."""
        if self.retry_after is None:
            return ()
        delay = duration_pb2.Duration()
        delay.FromMilliseconds(math.ceil(self.retry_after * 1000))
        return (error_details_pb2.RetryInfo(retry_delay=delay),)


class Overloaded(_Retriable):
    """The queue is full. `retry_after` is the estimated wait for a place, in seconds."""

    code = grpc.StatusCode.RESOURCE_EXHAUSTED
    reason = "QUEUE_FULL"


class Unavailable(_Retriable):
    """What the request needs is not there now. `retry_after`: seconds, None if unknown."""

    code = grpc.StatusCode.UNAVAILABLE
    reason = "UNAVAILABLE"


class DeadlineExceeded(ServiceError):
    """The request's deadline passed before it was complete."""

    code = grpc.StatusCode.DEADLINE_EXCEEDED
    reason = "DEADLINE_EXCEEDED"


class EngineError(ServiceError):
    """An engine failed on this request; others and later ones are not affected."""

    reason = "ENGINE_FAILED"


class OutOfMemory(EngineError):
    """The request does not fit the device's memory, even alone."""

    reason = "OUT_OF_MEMORY"


class InternalError(ServiceError):
    """Something unforeseen; the log has the rest under the same request id."""

    def __init__(self, request_id: str) -> None:
        super().__init__(f"internal error, request id {request_id}")


def to_status(error: ServiceError, request_id: str) -> status_pb2.Status:
    """Encodes an error as google.rpc.Status: its own details, then an ErrorInfo."""
    info = error_details_pb2.ErrorInfo(
        reason=error.reason, domain=DOMAIN, metadata={"request_id": request_id}
    )
    status = status_pb2.Status(code=error.code.value[0], message=error.detail)
    for message in (*error.details(), info):
        packed = any_pb2.Any()
        packed.Pack(message)
        status.details.append(packed)
    return status


def trailing_metadata(error: ServiceError, request_id: str) -> tuple[tuple[str, str | bytes], ...]:
    """The trailers of a failed call: the rich status, and retry-after in whole seconds for REST."""
    status = to_status(error, request_id).SerializeToString()
    trailers: list[tuple[str, str | bytes]] = [("grpc-status-details-bin", status)]
    if error.retry_after is not None:
        trailers.append(("retry-after", str(max(1, math.ceil(error.retry_after)))))
    return tuple(trailers)
