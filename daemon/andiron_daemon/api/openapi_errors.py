"""How each route can fail: which codes follow from its row, and under which status they come."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from andiron_daemon.api.dialects.failures import (
    Dialect,
    LlamaCppErrorBody,
    OllamaErrorBody,
    OpenAIErrorBody,
    dialect_of,
)
from andiron_daemon.api.route import JSON, Route
from andiron_daemon.errors import http_status
from andiron_daemon.failure import ErrorBody

MEANINGS = {
    "invalid_request": "The request cannot be meant as it stands.",
    "unauthorized": "The token is missing or wrong.",
    "forbidden_host": "The Host is not one this daemon answers to.",
    "forbidden_origin": "The web page that asks is not one that may.",
    "not_found": "There is nothing of that name.",
    "model_not_found": "There is no such model.",
    "request_timeout": "The request did not come to its end in time.",
    "payload_too_large": "The body is over the limit.",
    "unsupported_language": "The language is not one that can be worked on.",
    "context_too_long": "What must be kept is more than the model can hold.",
    "invalid_answer": "What the model wrote did not pass the checks.",
    "rate_limited": "Too many; `Retry-After` says when to come again.",
    "budget_spent": "The day's tokens for a paid backend are spent; `Retry-After` says when there are more.",
    "private_path": "The file is private, and the backend is not on this machine.",
    "internal": "Something went wrong inside; the log has more under the request's id.",
    "backend_unavailable": "Who should answer cannot be reached, or has failed.",
    "queue_full": "Too many are waiting already.",
    "timeout": "It took too long.",
}
_BODIES: dict[Dialect | None, type[msgspec.Struct]] = {
    None: ErrorBody,
    "openai": OpenAIErrorBody,
    "llamacpp": LlamaCppErrorBody,
    "ollama": OllamaErrorBody,
}
_ALWAYS = ("invalid_request", "forbidden_host", "forbidden_origin", "rate_limited", "internal")
_BODY = ("payload_too_large", "request_timeout")
_GENERATING = (
    "model_not_found",
    "context_too_long",
    "private_path",
    "budget_spent",
    "backend_unavailable",
    "queue_full",
    "timeout",
)
_RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}


def codes_of(route: Route) -> tuple[str, ...]:
    """Name every code a route can fail with."""
    codes = [*_ALWAYS, *route.codes]
    if not route.is_open:
        codes.append("unauthorized")
    if route.request is not None:
        codes.extend(_BODY)
        if "language" in route.request.__struct_fields__:
            codes.append("unsupported_language")
    if "{" in route.path:
        codes.extend(("not_found", "model_not_found") if "/models/" in route.path else ("not_found",))
    if route.request is not None and (route.can_stream or dialect_of(route.path) is not None):
        codes.extend(_GENERATING)
    return tuple(dict.fromkeys(codes))


def error_body(route: Route) -> type[msgspec.Struct]:
    """Return the type of a route's failures: the one shape, or that of the protocol it speaks."""
    return route.error or _BODIES[dialect_of(route.path)]


def error_responses(route: Route, schema_of: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    """Describe a route's failures by status."""
    by_status: dict[int, list[str]] = {}
    for code in codes_of(route):
        by_status.setdefault(http_status(code), []).append(code)
    schema = schema_of(error_body(route))
    return {str(status): _response(by_status[status], schema) for status in sorted(by_status)}


def _response(codes: Iterable[str], schema: dict[str, Any]) -> dict[str, Any]:
    told = " ".join(f"`{code}`: {MEANINGS.get(code, 'It failed.')}" for code in codes)
    response: dict[str, Any] = {"description": told, "content": {JSON: {"schema": schema}}}
    if "rate_limited" in codes:
        response["headers"] = _RETRY_AFTER
    return response
