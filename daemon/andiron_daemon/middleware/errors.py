"""How every failure becomes the one error shape; `edge` is where.

Errors of our own trees say what they mean; anything else is `internal`, whose trace is in the log under the
request's id and nowhere else. Once an answer has begun its failure goes in-band, through `describe`.
"""

import logging

import msgspec
from aiohttp import web

from andiron_daemon import keys
from andiron_daemon.counters import Counters
from andiron_daemon.errors import DaemonError, NotFoundError, PayloadTooLargeError, http_status
from andiron_daemon.failure import ErrorBody, ErrorInfo
from andiron_daemon.middleware.request_id import request_id_of
from andiron_models.errors import ModelError

_log = logging.getLogger(__name__)
_SERVER_SIDE = 500


def answer_failure(request: web.Request, error: Exception) -> web.Response:
    """Answer with the error shape whatever was raised; what is no failure, such as a redirection, is raised on."""
    if isinstance(error, web.HTTPException):
        if error.status < web.HTTPBadRequest.status_code:
            raise error
        return _http_error(request, error)
    body = describe(request, error)
    return _response(body, http_status(body.error.code), _headers(body))


def describe(request: web.Request, error: Exception) -> ErrorBody:
    """Say what went wrong with a request, count it and log it."""
    counters = request.app[keys.SERVICES].counters
    identifier = request_id_of(request)
    return describe_failure(error, counters, method=request.method, path=request.path, request_id=identifier)


def describe_failure(error: Exception, counters: Counters, *, method: str, path: str, request_id: str) -> ErrorBody:
    """Say what went wrong, count it and log it, however the request came."""
    if isinstance(error, DaemonError | ModelError):
        info = ErrorInfo(
            code=error.code,
            message=error.message,
            request_id=request_id,
            hint=error.hint,
            details=error.details or None,
        )
        level = logging.WARNING if http_status(error.code) >= _SERVER_SIDE else logging.INFO
        # What came from the request is quoted, so that it cannot forge lines of the log.
        _log.log(level, "%s %r: %s: %r [%s]", method, path, error.code, error.message, request_id)
    else:
        info = ErrorInfo(
            code="internal",
            message="something went wrong inside Andiron",
            request_id=request_id,
            hint=f"The log tells more; look for {request_id} in it.",
        )
        _log.error("%s %r failed [%s]", method, path, request_id, exc_info=error)
    counters.count_error(request_id=request_id, path=path, code=info.code, message=info.message, hint=info.hint)
    return ErrorBody(error=info)


def _http_error(request: web.Request, error: web.HTTPException) -> web.Response:
    """Answer what aiohttp itself refuses: no such path, another method, too large a body."""
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        info = ErrorInfo(
            code="invalid_request",
            message=f"{request.path} does not take {request.method}",
            request_id=request_id_of(request),
            hint=f"It takes {allowed}.",
        )
        _count(request, info)
        return _response(ErrorBody(error=info), error.status, {"Allow": allowed})
    body = describe(request, _translated(request, error))
    status = http_status(body.error.code) if error.status != web.HTTPInternalServerError.status_code else error.status
    return _response(body, status, {})


def _translated(request: web.Request, error: web.HTTPException) -> Exception:
    if isinstance(error, web.HTTPNotFound):
        return NotFoundError(f"there is nothing at {request.path}", hint="GET / lists what there is.")
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return payload_too_large(request)
    return error


def payload_too_large(request: web.Request) -> PayloadTooLargeError:
    """Make the error for a body over the limit."""
    limit = request.app[keys.SERVICES].settings.max_body_bytes
    return PayloadTooLargeError(
        f"the body is larger than {limit} bytes",
        hint="Send less, or raise ANDIRON_MAX_BODY_BYTES.",
        details={"limit_bytes": limit},
    )


def _count(request: web.Request, info: ErrorInfo) -> None:
    request.app[keys.SERVICES].counters.count_error(
        request_id=info.request_id, path=request.path, code=info.code, message=info.message, hint=info.hint
    )


def _headers(body: ErrorBody) -> dict[str, str]:
    if body.error.code == "unauthorized":
        return {"WWW-Authenticate": "Bearer"}
    if body.error.code in ("rate_limited", "budget_spent"):
        seconds = (body.error.details or {}).get("retry_after_seconds", 1)
        return {"Retry-After": str(max(1, round(float(seconds))))}
    return {}


def _response(body: ErrorBody, status: int, headers: dict[str, str]) -> web.Response:
    return web.Response(body=msgspec.json.encode(body), status=status, content_type="application/json", headers=headers)
