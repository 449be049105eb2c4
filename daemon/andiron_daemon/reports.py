"""Error reports to a Sentry server, only where `SENTRY_DSN` names one: what broke and where, nothing of what about.

Kept: the error's type, the functions and lines of the stack, the log's message without its values, versions. Left
out: messages of errors, local variables, source lines, requests, paths, names of the machine and the person, what
was logged before. sentry-sdk is imported here and nowhere else.
"""

from typing import Any

from andiron_daemon import __version__
from andiron_daemon.errors import ConfigurationError

_KEPT = frozenset(("event_id", "timestamp", "level", "platform", "release", "logger", "sdk", "type"))
_FRAME = frozenset(("function", "module", "lineno", "in_app", "filename"))


def set_up_reports(dsn: str, *, transport: Any = None) -> None:
    """Begin to report errors; without a DSN nothing is imported.

    Args:
        dsn: the server's address, from its project's page.
        transport: instead of the network, for tests.

    Raises:
        ConfigurationError: sentry-sdk is not installed, or the DSN is none.
    """
    if not dsn:
        return
    try:
        import sentry_sdk
        from sentry_sdk.integrations.logging import LoggingIntegration
        from sentry_sdk.utils import BadDsn
    except ImportError as error:
        raise ConfigurationError(
            "SENTRY_DSN is set, but sentry-sdk is not installed",
            hint="Install it with `pip install 'andiron[sentry]'`, or unset SENTRY_DSN.",
            details={"setting": "sentry_dsn"},
        ) from error
    # Typed loosely: sentry-sdk's types of events are tighter than what it passes.
    options: dict[str, Any] = {
        "dsn": dsn,
        "release": f"andiron@{__version__}",
        "transport": transport,
        "before_send": lambda event, hint: scrubbed(event),
        "before_breadcrumb": lambda crumb, hint: None,
        "default_integrations": False,
        "integrations": [LoggingIntegration(level=None)],
        "include_local_variables": False,
        "include_source_context": False,
        "max_request_body_size": "never",
        "max_breadcrumbs": 0,
        "server_name": "",
        "auto_session_tracking": False,
    }
    try:
        sentry_sdk.init(**options)
    except BadDsn as error:
        raise ConfigurationError(
            "SENTRY_DSN is not the address of a Sentry project",
            hint="Copy it from the project's settings, or unset it.",
            details={"setting": "sentry_dsn"},
        ) from error


def scrubbed(event: dict[str, Any]) -> dict[str, Any]:
    """Keep of an event only what tells where it broke."""
    kept = {name: value for name, value in event.items() if name in _KEPT}
    message = (event.get("logentry") or {}).get("message")
    if message:
        kept["logentry"] = {"message": message}
    values = (event.get("exception") or {}).get("values") or []
    if values:
        kept["exception"] = {"values": [_scrubbed_exception(value) for value in values]}
    return kept


def _scrubbed_exception(exception: dict[str, Any]) -> dict[str, Any]:
    frames = (exception.get("stacktrace") or {}).get("frames") or []
    kept_frames = [{name: frame[name] for name in _FRAME if name in frame} for frame in frames]
    return {"type": exception.get("type"), "module": exception.get("module"), "stacktrace": {"frames": kept_frames}}
