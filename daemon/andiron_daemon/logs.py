"""Logging: a rotating private file in the state folder, and warnings on the terminal.

Secrets are taken out of the finished line, traces included. What is logged is chosen where it is logged;
text of people's code is never.
"""

import io
import logging
import os
import re
import sys
from collections.abc import Iterable
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

import msgspec

_FILE_BYTES = 2 * 1024 * 1024
_FILES_KEPT = 3
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

    def __init__(self, redact: Redactor, pattern: str = "%(asctime)s %(levelname)s %(name)s: %(message)s") -> None:
        super().__init__(pattern)
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """Render the record, its trace included."""
        return self._redact(super().format(record))


class JournalFormatter(PlainFormatter):
    """One line for systemd's journal, which has the time itself and reads the level from the first characters."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__(redact, "%(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """Render the record; every line of a trace carries the level."""
        level = next((number for floor, number in _JOURNAL_LEVELS if record.levelno >= floor), 7)
        return "\n".join(f"<{level}>{line}" for line in super().format(record).splitlines())


class JsonFormatter(logging.Formatter):
    """One JSON object a line for programs, redacted."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """Render the record, its trace included."""
        line = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{int(record.msecs):03d}",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._redact(record.getMessage()),
        }
        if record.exc_info:
            line["trace"] = self._redact(self.formatException(record.exc_info))
        return msgspec.json.encode(line).decode()


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
    file_handler.setFormatter(JsonFormatter(redact) if log_format == "json" else PlainFormatter(redact))
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
    for chatty in ("asyncio", "httpcore", "httpx", "openai", "urllib3"):
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
