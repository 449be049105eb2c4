"""What the SDK raises, as Andiron's errors; the only place that knows both.

A server's own words are passed on, shortened, and never with the key in them: where the key stood in the
SDK's error, that error is not chained either, because a log prints the chain.
"""

import contextlib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from andiron_models.errors import (
    BackendUnavailableError,
    ContextTooLongError,
    DeadlineError,
    InvalidRequestError,
    ModelError,
    ModelNotFoundError,
    NotConfiguredError,
    RateLimitedError,
)
from andiron_models.openai.client import Server

if TYPE_CHECKING:
    import openai

RETRY_SECONDS = 0.5
LONGEST_RETRY_SECONDS = 5.0
_LONGEST_MESSAGE = 300
_NOT_IMPLEMENTED = 501
_CONTEXT_CODES = ("context_length_exceeded", "exceed_context_size_error")
_CONTEXT_WORDS = ("maximum context length", "context size", "context length", "context window")
_UNCONNECTED = ("ConnectError", "ConnectTimeout")
_QUOTA_CODE = "insufficient_quota"


@contextlib.contextmanager
def mapped_errors(server: Server, key: str | None) -> Iterator[None]:
    """Turn what the SDK raises into a ModelError."""
    import openai

    try:
        yield
    except openai.OpenAIError as error:
        mapped = _mapped(error, server, bool(key))
        if isinstance(error, openai.APIStatusError):
            mapped.details["http_status"] = error.status_code
        if key and (key in mapped.message or key in str(error)):
            mapped.message = mapped.message.replace(key, "(key)")
            mapped.args = (mapped.message,)
            raise mapped from None
        raise mapped from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        # From None: the text that could not be read is in these errors whole.
        raise _unreadable(server, type(error).__name__) from None


@contextlib.contextmanager
def before_sending() -> Iterator[None]:
    """Mark what fails here as failed before anything was sent."""
    try:
        yield
    except ModelError as error:
        error.nothing_sent = True
        raise


def is_unconnected(error: "openai.APIError") -> bool:
    """Tell whether there was no connection that anything could have been sent through."""
    # By their names: the SDK brings one of two libraries for HTTP, by its version.
    return type(error.__cause__).__name__ in _UNCONNECTED


def unsent(error: "openai.APIError", server: Server) -> ModelError:
    """Map an error of a request that was never connected."""
    mapped = _mapped(error, server, has_key=False)
    mapped.nothing_sent = True
    return mapped


def retry_seconds(error: "openai.APIError") -> float | None:
    """Say how long to wait before the one retry; None when a retry would not help."""
    import openai

    if isinstance(error, openai.APITimeoutError):
        return None
    if isinstance(error, openai.APIConnectionError):
        return RETRY_SECONDS
    if not isinstance(error, openai.APIStatusError) or error.code == _QUOTA_CODE:
        return None
    if error.status_code != 429 and (error.status_code < 500 or error.status_code == _NOT_IMPLEMENTED):
        return None
    asked = _retry_after_seconds(error)
    if asked is None:
        return RETRY_SECONDS
    return asked if asked <= LONGEST_RETRY_SECONDS else None


def refused_parameter(error: "openai.BadRequestError") -> str | None:
    """Name the parameter a model does not take, where the server said so in a way programs can read."""
    if error.code in {"unsupported_parameter", "unsupported_value"}:
        return error.param
    return None


def _mapped(error: "openai.OpenAIError", server: Server, has_key: bool) -> ModelError:
    import openai

    if isinstance(error, openai.APIStatusError):
        return _from_status(error, server, has_key)
    if isinstance(error, openai.APITimeoutError):
        return DeadlineError(
            f"{server.shown} did not answer in the time allowed", hint="Try again, or choose another backend."
        )
    if isinstance(error, openai.APIConnectionError):
        cause = str(error.__cause__ or "").strip() or "the connection failed"
        return BackendUnavailableError(
            f"{server.shown} cannot be reached: {_shortened(cause)}", hint="Check the network and OPENAI_BASE_URL."
        )
    if isinstance(error, openai.APIResponseValidationError):
        return _unreadable(server, type(error).__name__)
    if isinstance(error, openai.APIError):
        return _from_words(error, server) or BackendUnavailableError(f"{server.shown} failed: {_words(error)}")
    return BackendUnavailableError(f"the OpenAI SDK failed: {_shortened(str(error))}")


def _from_status(error: "openai.APIStatusError", server: Server, has_key: bool) -> ModelError:
    status = error.status_code
    words = _words(error)
    known = {404: _not_found, 429: _limited}.get(status, _elsewhere if status < 400 else None)
    if known is not None:
        return known(error, server)
    if status == 401:
        problem = "refused the key" if has_key else "asks for a key"
        return NotConfiguredError(f"{server.shown} {problem}", hint=server.key_hint)
    if status == 403:
        return BackendUnavailableError(f"{server.shown} does not allow this: {words}")
    if status < 500:
        return _from_words(error, server) or InvalidRequestError(f"{server.shown} refused the request: {words}")
    return BackendUnavailableError(f"{server.shown} failed with status {status}: {words}", hint="Try again later.")


def _elsewhere(error: "openai.APIStatusError", server: Server) -> ModelError:
    """Say where a server points to; it is not followed there, for nobody chose that one."""
    target = _shortened(error.response.headers.get("location", "")) or f"status {error.status_code}"
    return BackendUnavailableError(
        f"{server.shown} points elsewhere instead of answering: {target}",
        hint="If that is the server you mean, set OPENAI_BASE_URL to it.",
    )


def _not_found(error: "openai.APIStatusError", server: Server) -> ModelError:
    words = _words(error)
    if error.code == "model_not_found" or "model" in words.lower():
        return ModelNotFoundError(f"{server.shown} has no such model: {words}")
    return BackendUnavailableError(
        f"{server.shown} does not know the address {error.request.url.path}",
        hint="Check OPENAI_BASE_URL; it usually ends in /v1.",
    )


def _limited(error: "openai.APIStatusError", server: Server) -> ModelError:
    if error.code == _QUOTA_CODE:
        return BackendUnavailableError(f"{server.shown}: the account's quota is used up", hint="Look at its billing.")
    seconds = _retry_after_seconds(error)
    details = {} if seconds is None else {"retry_after_seconds": seconds}
    hint = "Try again later." if seconds is None else f"Try again in {seconds:g} seconds."
    return RateLimitedError(f"{server.shown} asks to slow down: {_words(error)}", hint=hint, details=details)


def _from_words(error: "openai.APIError", server: Server) -> ModelError | None:
    """Recognize what different servers say by different codes."""
    words = _words(error)
    if error.code in _CONTEXT_CODES or error.type in _CONTEXT_CODES or any(w in words.lower() for w in _CONTEXT_WORDS):
        return ContextTooLongError(f"{server.shown}: {words}", hint="Send less text, or choose another model.")
    return None


def not_a_stream(server: Server, content_type: str) -> ModelError:
    """Make the error for an answer of another kind than was asked for."""
    kind = content_type.partition(";")[0].strip() or "an answer of no kind"
    return BackendUnavailableError(
        f"{server.shown} sent {_shortened(kind)} instead of a stream of events",
        hint="Check that OPENAI_BASE_URL is a server that speaks OpenAI's API, and streams.",
    )


def _unreadable(server: Server, reason: str) -> ModelError:
    return BackendUnavailableError(
        f"{server.shown} sent an answer that cannot be read ({reason})",
        hint="Check that OPENAI_BASE_URL is a server that speaks OpenAI's API.",
    )


def _words(error: "openai.APIError") -> str:
    """Take the server's own message where it sent one."""
    body = error.body
    if isinstance(body, dict) and isinstance(body.get("message"), str):
        return _shortened(body["message"])
    return _shortened(body if isinstance(body, str) and body else error.message)


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_MESSAGE else text[:_LONGEST_MESSAGE] + "…"


def _retry_after_seconds(error: "openai.APIStatusError") -> float | None:
    """Read Retry-After; a date instead of seconds counts as not said."""
    try:
        seconds = float(error.response.headers.get("retry-after", ""))
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None
