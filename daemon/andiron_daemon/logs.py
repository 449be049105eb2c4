"""Logging: a rotating private file of JSON lines in the state folder, and warnings on the terminal.

Secrets are taken out of the finished line, traces included. What is logged is chosen where it is logged;
text of people's code is never. A line is written where it is
logged, also on the event loop: that is a few microseconds into the page cache, and a crash loses nothing.
"""

import asyncio
import io
import logging
import os
import re
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, TextIO

import msgspec

from andiron_daemon.errors import DaemonError
from andiron_daemon.identifiers import REQUEST_ID
from andiron_models.errors import ModelError

_FILE_BYTES = 2 * 1024 * 1024
_FILES_KEPT = 3
_FRAMES_SHOWN = 30
# Whose errors hold no text of a person's.
_SPEAKERS = (DaemonError, ModelError, OSError, ImportError, asyncio.CancelledError)
_SHORTEST_SECRET = 4
_JOURNAL_LEVELS = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
_LOOKS_SECRET = re.compile(r"(?i)(?<=bearer )[^\s'\",]+|\bsk-[A-Za-z0-9_-]{8,}")


class Redactor:
    """Takes known secrets, and what looks like one, out of a text."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted((secret for secret in secrets if len(secret) >= _SHORTEST_SECRET), key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, text: str) -> str:
        """Return the text with every secret replaced by `***`."""
        if self._known is not None:
            text = self._known.sub("***", text)
        return _LOOKS_SECRET.sub("***", text)


class PlainFormatter(logging.Formatter):
    """One line for people, redacted."""

    def __init__(
        self,
        redact: Redactor,
        pattern: str = "%(asctime)s %(levelname)s %(name)s: %(message)s",
        *,
        whole: bool = False,
    ) -> None:
        super().__init__(pattern)
        self._redact = redact
        self._whole = whole

    def format(self, record: logging.LogRecord) -> str:
        """Render the record, its trace included."""
        return self._redact(super().format(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 -- the name is logging's
        """Render a trace without anybody's text."""
        return trace_of(ei[1], whole=self._whole) if ei[1] is not None else ""


class JournalFormatter(PlainFormatter):
    """One line for systemd's journal, which has the time itself and reads the level from the first characters."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__(redact, "%(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """Render the record; every line of a trace carries the level."""
        level = next((number for floor, number in _JOURNAL_LEVELS if record.levelno >= floor), 7)
        return "\n".join(f"<{level}>{line}" for line in super().format(record).splitlines())


@contextmanager
def _hidden(name: str) -> Iterator[None]:
    """Keep a module from being loaded in the block.

    structlog takes rich along for colours in terminals, which costs the daemon 6 MB and a fifth of its start.
    """
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]  # this is how an import is made to fail
    try:
        yield
    finally:
        del sys.modules[name]


def json_formatter(redact: Redactor, *, whole: bool = False) -> logging.Formatter:
    """Make the formatter that writes one JSON object a line for programs, redacted.

    Every record goes through structlog's processors, those of libraries too; `request_id` is the request that was
    being worked on.
    """
    with _hidden("rich"):
        import structlog

    def redacted(logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {name: redact(value) if isinstance(value, str) else value for name, value in event.items()}

    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            _with_request_id,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.ExceptionRenderer(lambda exc_info: trace_of(exc_info[1], whole=whole)),
            structlog.processors.EventRenamer("message"),
            _with_trace,
            redacted,
            structlog.processors.JSONRenderer(serializer=_json),
        ],
    )


def _json(event: Mapping[str, Any], **_: Any) -> str:
    first = {name: event[name] for name in ("time", "level", "logger", "message") if name in event}
    return msgspec.json.encode({**first, **event}, enc_hook=str).decode()


def _with_request_id(logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    identifier = getattr(event.get("_record"), "request_id", None) or REQUEST_ID.get()
    if identifier:
        event["request_id"] = identifier
    return event


def _with_trace(logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if "exception" in event:
        event["trace"] = event.pop("exception")
    return event


def trace_of(error: BaseException, *, whole: bool = False) -> str:
    """Write a trace without anybody's text: no local values, and what an error says only where we or the system say it.

    `whole` leaves in what every error says.
    """
    chain: list[BaseException] = []
    inner: BaseException | None = error
    while inner is not None and inner not in chain:
        chain.append(inner)
        inner = inner.__cause__ or (None if inner.__suppress_context__ else inner.__context__)
    return "\n".join(_trace_of_one(one, whole=whole) for one in reversed(chain))


def _trace_of_one(error: BaseException, *, whole: bool) -> str:
    frames = "".join(traceback.format_tb(error.__traceback__, limit=-_FRAMES_SHOWN))
    says = str(error) if whole or isinstance(error, _SPEAKERS) else "(what it says is logged with DEBUG only)"
    return f"Traceback (most recent call last):\n{frames}{type(error).__qualname__}: {says}"


class PrivateFileHandler(RotatingFileHandler):
    """A rotating file, each of whose generations only its owner can read."""

    def _open(self) -> io.TextIOWrapper:
        handle = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        if os.name == "posix":
            os.fchmod(handle, 0o600)
        return os.fdopen(handle, "a", encoding=self.encoding)


def set_up_logging(
    file: Path,
    *,
    debug: bool = False,
    log_format: str = "plain",
    secrets: Iterable[str] = (),
    console: TextIO | None = None,
) -> None:
    """Send every log record to the file; to systemd's journal too, or warnings to the console if it is a terminal.

    May be called again, and then replaces what it set up before.
    """
    redact = Redactor(secrets)
    console = console or sys.stderr
    file_handler = PrivateFileHandler(file, maxBytes=_FILE_BYTES, backupCount=_FILES_KEPT, encoding="utf-8")
    as_json = log_format == "json"
    file_handler.setFormatter(json_formatter(redact, whole=debug) if as_json else PlainFormatter(redact, whole=debug))
    handlers: list[logging.Handler] = [file_handler]
    if console.isatty():
        console_handler = logging.StreamHandler(console)
        console_handler.setLevel(logging.INFO if debug else logging.WARNING)
        console_handler.setFormatter(PlainFormatter(redact, "%(levelname)s: %(message)s"))
        handlers.append(console_handler)
    elif _is_journal(console):
        journal_handler = logging.StreamHandler(console)
        journal_handler.setFormatter(JournalFormatter(redact))
        handlers.append(journal_handler)
    logging.basicConfig(level=logging.DEBUG if debug else logging.INFO, handlers=handlers, force=True)
    logging.captureWarnings(True)
    # It would log addresses with what was searched for in them.
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    for chatty in ("asyncio", "httpcore", "httpx", "openai", "sentry_sdk", "urllib3"):
        logging.getLogger(chatty).setLevel(logging.INFO if debug else logging.WARNING)


def _is_journal(console: TextIO) -> bool:
    """Tell whether the console is the journal's: JOURNAL_STREAM names its device and inode, and is inherited."""
    told = os.environ.get("JOURNAL_STREAM")
    if not told:
        return False
    try:
        status = os.fstat(console.fileno())
    except (OSError, ValueError):
        return False
    return told == f"{status.st_dev}:{status.st_ino}"
