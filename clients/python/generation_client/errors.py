"""What a call can fail with.

    GenerationError
    ├── InvalidArgument     a field is wrong: `violations` names each
    ├── NotFound            no such model
    ├── ResourceExhausted   the queue is full: come back after `retry_after`; or a message is too large
    ├── Unavailable         nobody listens, or the engine is loading or restarting
    ├── DeadlineExceeded    the timeout passed
    ├── Cancelled           the call was cancelled from outside
    ├── Internal            the service failed on this request; its log has the request id
    └── Unimplemented       an older service

Every other status is a GenerationError itself.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, cast

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc import error_details_pb2
from grpc_status import rpc_status


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """What is wrong with one field: its name in the request, what it got and what it takes."""

    field: str
    description: str


class GenerationError(Exception):
    """A call that failed.

    Attributes:
        code: the gRPC status.
        message: what went wrong, for people to read.
        violations: the fields that are wrong; only InvalidArgument has any.
        retry_after: seconds after which trying again is worth it, None where that is not known.
        reason: the service's own name for it, such as "QUEUE_FULL" or "OUT_OF_MEMORY"; else "".
        request_id: what the service's log calls this request; "" if the call never got there.
    """

    code = grpc.StatusCode.UNKNOWN

    def __init__(
        self,
        message: str,
        *,
        violations: Sequence[FieldViolation] = (),
        retry_after: float | None = None,
        reason: str = "",
        request_id: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.violations = tuple(violations)
        self.retry_after = retry_after
        self.reason = reason
        self.request_id = request_id


class InvalidArgument(GenerationError):
    """One or more fields of the request are wrong; `violations` says which."""

    code = grpc.StatusCode.INVALID_ARGUMENT


class NotFound(GenerationError):
    """The request names a model that is not served."""

    code = grpc.StatusCode.NOT_FOUND


class ResourceExhausted(GenerationError):
    """The queue is full (`retry_after` is set), or a message is larger than 64 MiB."""

    code = grpc.StatusCode.RESOURCE_EXHAUSTED


class Unavailable(GenerationError):
    """Nobody listens there, or the engine is loading, restarting or stopping."""

    code = grpc.StatusCode.UNAVAILABLE


class DeadlineExceeded(GenerationError):
    """The timeout passed before the call was complete."""

    code = grpc.StatusCode.DEADLINE_EXCEEDED


class Cancelled(GenerationError):
    """The call was cancelled, but not by closing its iterator."""

    code = grpc.StatusCode.CANCELLED


class Internal(GenerationError):
    """The service or its engine failed on this request."""

    code = grpc.StatusCode.INTERNAL


class Unimplemented(GenerationError):
    """The service does not know this call: it is older than this client."""

    code = grpc.StatusCode.UNIMPLEMENTED


_BY_CODE = {kind.code: kind for kind in GenerationError.__subclasses__()}


class _FailedCall(Protocol):
    """What the errors of grpc and of grpc.aio have in common."""

    def code(self) -> grpc.StatusCode: ...
    def details(self) -> str | None: ...


@contextmanager
def converted() -> Iterator[None]:
    """Turns errors of gRPC, sync and async, into those of this module."""
    try:
        yield
    except grpc.RpcError as error:
        raise from_rpc(error) from error


def from_rpc(error: grpc.RpcError) -> GenerationError:
    """The error that an RpcError of a finished call stands for."""
    call = cast(_FailedCall, error)
    code, message = call.code(), call.details() or call.code().name
    violations: list[FieldViolation] = []
    retry_after, info = None, error_details_pb2.ErrorInfo()
    for detail in _details(error):
        bad, retry = error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
        if detail.Unpack(bad):
            violations += [FieldViolation(v.field, v.description) for v in bad.field_violations]
        elif detail.Unpack(retry):
            retry_after = retry.retry_delay.ToTimedelta().total_seconds()
        else:
            detail.Unpack(info)
    failed = _BY_CODE.get(code, GenerationError)(
        message,
        violations=violations,
        retry_after=retry_after,
        reason=info.reason,
        request_id=info.metadata.get("request_id", ""),
    )
    failed.code = code
    return failed


def _details(error: grpc.RpcError) -> Sequence[AnyMessage]:
    try:
        status = rpc_status.from_call(error)
    except ValueError:  # a proxy changed the status and left the details of another
        return ()
    return status.details if status else ()
