"""The one shape of errors: `{"error": {"code", "message", "hint"?, "details"?, "request_id"}}`.

Who fills it: `middleware.errors` for what has a request, `connections` for what is none.
"""

from typing import Any

import msgspec


class ErrorInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What went wrong: a word for programs, a sentence for people, and the next step."""

    code: str
    message: str
    request_id: str
    hint: str | None = None
    details: dict[str, Any] | None = None


class ErrorBody(msgspec.Struct, frozen=True, kw_only=True):
    """The body of every answer of status 400 or more."""

    error: ErrorInfo
