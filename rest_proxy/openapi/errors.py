"""The answers that are errors: which a route can give, and what each means."""

from typing import Any

from rest_proxy.openapi.contract import Contract, Method

REQUEST_ID = {
    "description": "The id of this request in the logs: the one that was sent, or a new one.",
    "schema": {"type": "string"},
}
RETRY_AFTER = {
    "description": "Seconds until another try makes sense, where that can be told.",
    "schema": {"type": "string", "pattern": "^[0-9]+$"},
}
SCHEMA = {
    "type": "object",
    "description": "What went wrong. Every error has this body.",
    "properties": {"detail": {"type": "string", "minLength": 1, "description": "Says so to a person."}},
    "required": ["detail"],
    "additionalProperties": False,
}
# Status: its name in the document, when it is answered, and such a text.
ERRORS = {
    400: (
        "BadRequest",
        "A field is wrong or the body is no JSON; the text names each wrong field, what it got and what it "
        "takes. Or a parameter of the query is unknown, or `grpc-timeout` is none.",
        "temperature: is 3.0; takes a number from 0 to 2",
    ),
    404: ("NotFound", "There is no such model; the text lists those that exist.", "model: there is no ..."),
    408: ("RequestTimeout", "The request did not arrive within two minutes.", "request timeout"),
    413: (
        "ContentTooLarge",
        "The body is larger than 32 MiB.",
        "the request body is larger than 32 MiB",
    ),
    429: ("TooManyRequests", "The queue is full.", "too many requests in flight"),
    500: (
        "InternalServerError",
        "The engine or the service failed on this request, or it does not fit the memory, even alone; the "
        "log has the request id.",
        "internal error, request id ...",
    ),
    503: (
        "ServiceUnavailable",
        "The engine is loading or being restarted, the service is stopping or cannot be reached. Where no "
        "image model is served, requests for images get this without `retry-after`.",
        "generation service unavailable",
    ),
    504: ("GatewayTimeout", "The deadline passed.", "generation did not finish in time"),
}
WITH_BODY = (408, 413)
RETRIABLE = (429, 503)


def components() -> dict[str, Any]:
    """Every error as a response, by its name."""
    return {name: _response(status) for status, (name, _, _) in ERRORS.items()}


def of_route(contract: Contract, method: Method) -> dict[str, Any]:
    """References to the errors that a route can answer, by their status."""
    fields = {field.proto.name for field in contract.messages[method.takes].fields}
    impossible = (() if method.has_body else WITH_BODY) + (() if "model" in fields else (404,))
    return {
        str(status): {"$ref": f"#/components/responses/{name}"}
        for status, (name, _, _) in ERRORS.items()
        if status not in impossible
    }


def _response(status: int) -> dict[str, Any]:
    _, when, text = ERRORS[status]
    headers = {"x-request-id": {"$ref": "#/components/headers/RequestId"}}
    if status in RETRIABLE:
        headers["retry-after"] = {"$ref": "#/components/headers/RetryAfter"}
    content = {"schema": {"$ref": "#/components/schemas/Error"}, "example": {"detail": text}}
    return {"description": when, "headers": headers, "content": {"application/json": content}}
