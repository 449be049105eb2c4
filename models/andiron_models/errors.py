"""What can go wrong while generating text.

ModelError                      internal
├── InvalidRequestError         invalid_request      the request cannot be meant
├── ContextTooLongError         context_too_long     the prompt does not fit into the model's context
├── ModelNotFoundError          model_not_found      no model of that name
├── QueueFullError              queue_full           too much is waiting already
├── RateLimitedError            rate_limited         the server behind a backend asks to slow down
├── DeadlineError               timeout              no answer in the time allowed
└── BackendUnavailableError     backend_unavailable  the backend cannot answer now
    ├── WorkerDiedError         backend_unavailable  the local engine's process ended
    ├── ModelFileError          backend_unavailable  the model's file is missing, foreign or broken
    ├── ModelDoesNotFitError    backend_unavailable  the machine has too little memory
    └── NotConfiguredError      backend_unavailable  a key or an address is missing

Every error has a stable `code`, a `message` that names the value, a `hint` with the next step where
there is one, and `details` for programs. Codes, not classes, cross the worker's pipe. `nothing_sent` is set by a
backend that is elsewhere where it is certain that nothing of the request left this machine.
"""

from collections.abc import Mapping
from typing import Any


class ModelError(Exception):
    """The root; catch it where any failure to generate is to be reported."""

    code = "internal"
    nothing_sent = False

    def __init__(self, message: str, *, hint: str | None = None, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = dict(details or {})


class InvalidRequestError(ModelError):
    """The request cannot be meant as it stands."""

    code = "invalid_request"


class ContextTooLongError(ModelError):
    """The prompt does not fit into the model's context."""

    code = "context_too_long"


class ModelNotFoundError(ModelError):
    """There is no model of that name."""

    code = "model_not_found"


class QueueFullError(ModelError):
    """Too many requests wait already."""

    code = "queue_full"


class RateLimitedError(ModelError):
    """The server behind a backend asks to slow down; `details["retry_after_seconds"]` where it said."""

    code = "rate_limited"


class DeadlineError(ModelError):
    """No answer came in the time allowed."""

    code = "timeout"


class BackendUnavailableError(ModelError):
    """The backend cannot answer now."""

    code = "backend_unavailable"


class WorkerDiedError(BackendUnavailableError):
    """The local engine's process ended; `details` has its exit status and last words."""


class ModelFileError(BackendUnavailableError):
    """The model's file is missing, foreign or broken."""


class ModelDoesNotFitError(BackendUnavailableError):
    """The machine has too little memory for the model; `details` has the numbers."""


class NotConfiguredError(BackendUnavailableError):
    """The backend lacks a key or an address."""


_BY_CODE: dict[str, type[ModelError]] = {
    error.code: error
    for error in (
        ModelError,
        InvalidRequestError,
        ContextTooLongError,
        ModelNotFoundError,
        QueueFullError,
        RateLimitedError,
        DeadlineError,
        BackendUnavailableError,
    )
}


def error_from_code(code: str, message: str, hint: str | None, details: Mapping[str, Any]) -> ModelError:
    """Make the error a code stands for, as it came over a pipe; an unknown code is `internal`."""
    return _BY_CODE.get(code, ModelError)(message, hint=hint, details=details)
