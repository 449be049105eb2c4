"""Failures in the shape each protocol's clients look for.

Everything that goes wrong is described once, at the edge; this writes the description down anew on
the way out, by the path: whatever refused the request, guard, token or handler.
"""

from collections.abc import Callable
from typing import Any, Literal

import msgspec
from aiohttp import web

from andiron_daemon.failure import ErrorBody, ErrorInfo

Dialect = Literal["openai", "llamacpp", "ollama"]
_LLAMACPP_PATHS = frozenset(
    (
        "/infill",
        "/completion",
        "/completions",
        "/props",
        "/slots",
        "/tokenize",
        "/detokenize",
        "/apply-template",
    )
)
_TYPES = {
    "unauthorized": "authentication_error",
    "forbidden_host": "permission_error",
    "forbidden_origin": "permission_error",
    "not_found": "not_found_error",
    "model_not_found": "not_found_error",
    "rate_limited": "rate_limit_error",
    "budget_spent": "rate_limit_error",
    "private_path": "permission_error",
    "context_too_long": "invalid_request_error",
    "invalid_request": "invalid_request_error",
    "payload_too_large": "invalid_request_error",
    "unsupported_language": "invalid_request_error",
    "unsupported_media_type": "invalid_request_error",
}
# Words OpenAI's clients know, for ours.
_OPENAI_CODES = {"context_too_long": "context_length_exceeded", "unauthorized": "invalid_api_key"}
_LLAMACPP_TYPES = {"context_too_long": "exceed_context_size_error", "backend_unavailable": "unavailable_error"}


class OpenAIError(msgspec.Struct, frozen=True, kw_only=True):
    """OpenAI's error; `hint` and `request_id` are ours."""

    message: str
    type: str
    code: str | None
    param: str | None = None
    hint: str | None = None
    request_id: str | None = None


class OpenAIErrorBody(msgspec.Struct, frozen=True, kw_only=True):
    """What clients of OpenAI's expect of status 400 or more."""

    error: OpenAIError


class LlamaCppError(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """llama.cpp's error: `code` is the status."""

    code: int
    message: str
    type: str
    n_prompt_tokens: int | None = None
    n_ctx: int | None = None
    hint: str | None = None
    request_id: str | None = None


class LlamaCppErrorBody(msgspec.Struct, frozen=True, kw_only=True):
    """What clients of llama.cpp's expect of status 400 or more."""

    error: LlamaCppError


class OllamaErrorBody(msgspec.Struct, frozen=True, kw_only=True):
    """What clients of Ollama's expect: a sentence."""

    error: str


def dialect_of(path: str) -> Dialect | None:
    """Tell whose protocol a path belongs to; None for our own."""
    if path == "/v1" or path.startswith("/v1/"):
        return "openai"
    if path in _LLAMACPP_PATHS:
        return "llamacpp"
    is_ollamas = path.startswith("/api/") and path != "/api/v1" and not path.startswith("/api/v1/")
    return "ollama" if is_ollamas else None


def reshape_failure(request: web.Request, response: web.Response) -> None:
    """Write an answer that is an error down in the shape of the protocol that was spoken."""
    dialect = dialect_of(request.path)
    if dialect is None or not isinstance(response.body, bytes):
        return
    info = msgspec.json.decode(response.body, type=ErrorBody).error
    if info.code == "context_too_long":
        response.set_status(web.HTTPBadRequest.status_code)
    response.body = msgspec.json.encode(_SHAPES[dialect](info, response.status))


def openai_failure(body: ErrorBody) -> bytes:
    """Write a failure into a stream of OpenAI's."""
    return b"data: %b\n\n" % msgspec.json.encode(_openai(body.error, 0))


def llamacpp_failure(body: ErrorBody) -> bytes:
    """Write a failure into a stream of llama.cpp's."""
    return b"data: %b\n\n" % msgspec.json.encode(_llamacpp(body.error, 500))


def ollama_failure(body: ErrorBody) -> bytes:
    """Write a failure into a stream of Ollama's."""
    return msgspec.json.encode(_ollama(body.error, 0)) + b"\n"


def _openai(info: ErrorInfo, status: int) -> OpenAIErrorBody:
    return OpenAIErrorBody(
        error=OpenAIError(
            message=info.message,
            type=_TYPES.get(info.code, "server_error"),
            code=_OPENAI_CODES.get(info.code, info.code),
            param=(info.details or {}).get("field"),
            hint=info.hint,
            request_id=info.request_id,
        )
    )


def _llamacpp(info: ErrorInfo, status: int) -> LlamaCppErrorBody:
    details = info.details or {}
    return LlamaCppErrorBody(
        error=LlamaCppError(
            code=status,
            message=info.message,
            type=_LLAMACPP_TYPES.get(info.code, _TYPES.get(info.code, "server_error")),
            n_prompt_tokens=details.get("prompt_tokens"),
            n_ctx=details.get("context_length"),
            hint=info.hint,
            request_id=info.request_id,
        )
    )


def _ollama(info: ErrorInfo, status: int) -> OllamaErrorBody:
    if info.code == "model_not_found" and "model" in (info.details or {}):
        # The words Ollama's clients look for.
        return OllamaErrorBody(error=f"model '{(info.details or {})['model']}' not found")
    return OllamaErrorBody(error=info.message + (f" ({info.hint})" if info.hint else ""))


_SHAPES: dict[Dialect, Callable[[ErrorInfo, int], Any]] = {
    "openai": _openai,
    "llamacpp": _llamacpp,
    "ollama": _ollama,
}
