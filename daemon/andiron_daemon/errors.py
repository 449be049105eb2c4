"""What can go wrong in the daemon itself.

DaemonError                    internal 500
├── InvalidRequestError        invalid_request 400
├── UnauthorizedError          unauthorized 401
├── ForbiddenHostError         forbidden_host 403
├── ForbiddenOriginError       forbidden_origin 403
├── NotFoundError              not_found 404
├── RequestTimeoutError        request_timeout 408
├── PayloadTooLargeError       payload_too_large 413
├── UnsupportedLanguageError   unsupported_language 422
├── InvalidAnswerError         invalid_answer 502  what a model wrote did not pass the checks
├── StorageError               internal 500        the database cannot be read or written
└── ConfigurationError         (stops start-up)    a setting cannot be meant

Failures to generate text are `andiron_models.errors.ModelError`; they carry codes of the same family.
`http_status` maps every code of either family to its status.
"""

from collections.abc import Mapping
from typing import Any


class DaemonError(Exception):
    """The root; `message` is for people, `hint` is the next step, `details` is for programs."""

    code = "internal"

    def __init__(self, message: str, *, hint: str | None = None, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = dict(details or {})


class InvalidRequestError(DaemonError):
    """The request cannot be meant as it stands."""

    code = "invalid_request"


class UnauthorizedError(DaemonError):
    """The token is missing or wrong."""

    code = "unauthorized"


class ForbiddenHostError(DaemonError):
    """The Host header is not one this daemon answers to."""

    code = "forbidden_host"


class ForbiddenOriginError(DaemonError):
    """The Origin header is not one this daemon answers to."""

    code = "forbidden_origin"


class NotFoundError(DaemonError):
    """There is nothing of that name."""

    code = "not_found"


class RequestTimeoutError(DaemonError):
    """The request did not come to its end in time."""

    code = "request_timeout"


class PayloadTooLargeError(DaemonError):
    """The body is over the limit."""

    code = "payload_too_large"


class UnsupportedLanguageError(DaemonError):
    """The language is not one that can be worked on."""

    code = "unsupported_language"


class InvalidAnswerError(DaemonError):
    """What a model wrote did not pass the checks; `details` says what was wrong with it."""

    code = "invalid_answer"


class StorageError(DaemonError):
    """The database cannot be read or written; what was acknowledged is still there."""


class ConfigurationError(DaemonError):
    """A setting cannot be meant; start-up stops with exit status 78."""


_STATUS: dict[str, int] = {
    "invalid_request": 400,
    "unauthorized": 401,
    "forbidden_host": 403,
    "forbidden_origin": 403,
    "not_found": 404,
    "model_not_found": 404,
    "request_timeout": 408,
    "payload_too_large": 413,
    "unsupported_language": 422,
    "context_too_long": 422,
    "private_path": 403,
    "rate_limited": 429,
    "budget_spent": 429,
    "internal": 500,
    "invalid_answer": 502,
    "backend_unavailable": 503,
    "queue_full": 503,
    "timeout": 504,
}


def http_status(code: str) -> int:
    """Map an error code to its HTTP status; an unknown code is 500."""
    return _STATUS.get(code, 500)
