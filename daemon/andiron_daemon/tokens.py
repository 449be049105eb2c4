"""The token clients show: the one of the settings, else a random one kept in the state folder.

Comparing it with what a request carries is the middleware's affair.
"""

import logging
import os
import secrets
import stat
import tempfile
from pathlib import Path

from andiron_daemon.errors import ConfigurationError
from andiron_daemon.paths import Paths
from andiron_daemon.settings import Settings

_log = logging.getLogger(__name__)
_SHORTEST = 16
_RANDOM_BYTES = 32


def ensure_token(settings: Settings, paths: Paths) -> str:
    """Return the token in force; make and keep one if there is none. The caller holds the instance lock.

    Raises:
        ConfigurationError: if the token cannot be sent in a header, or its file cannot be used.
    """
    if settings.token:
        return _checked(settings.token, settings.sources.get("token", "settings"))
    try:
        return _kept(paths.token_file) or _made(paths.token_file)
    except OSError as error:
        raise ConfigurationError(
            f"{paths.token_file}: the token cannot be written: {error.strerror}",
            hint="Make the state folder writable, or set ANDIRON_TOKEN.",
        ) from error


def find_token(settings: Settings, paths: Paths) -> str | None:
    """Return the token a client is to show, or None if there is none to be found."""
    if settings.token:
        return settings.token
    try:
        return paths.token_file.read_text(encoding="ascii").strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def replace_token(file: Path) -> str:
    """Write a new token over the one kept, in one step, and return it; the caller puts it in force.

    Raises:
        ConfigurationError: if the file cannot be written; the one kept stays.
    """
    token = secrets.token_urlsafe(_RANDOM_BYTES)
    handle, name = -1, ""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        with os.fdopen(handle, "w", encoding="ascii") as stream:
            stream.write(f"{token}\n")
        Path(name).replace(file)
    except OSError as error:
        if name:
            Path(name).unlink(missing_ok=True)
        raise ConfigurationError(
            f"{file}: the new token cannot be written: {error.strerror}",
            hint="The old one is still in force. Make room on the disk, and the state folder writable.",
        ) from error
    return token


def _made(file: Path) -> str:
    """Write a new token; O_EXCL, so that nobody can have laid an open file, or a link, in its place."""
    token = secrets.token_urlsafe(_RANDOM_BYTES)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        stream.write(f"{token}\n")
    return token


def _kept(file: Path) -> str | None:
    """Read the token kept; None if there is none, or an empty file of a start that was cut short."""
    try:
        mode = stat.S_IMODE(file.stat().st_mode)
        token = file.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{file}: the token cannot be read: {error}", hint="Remove the file to get a new token."
        ) from error
    if not token:
        file.unlink()
        return None
    if os.name == "posix" and mode & 0o077:
        file.chmod(0o600)
        _log.warning("%s could be read by others (mode %03o) and is private again; consider a new one", file, mode)
    return _checked(token, str(file))


def _checked(token: str, source: str) -> str:
    if not token.isascii() or not token.isprintable() or " " in token:
        raise ConfigurationError(
            f"{source}: the token has characters that cannot be sent in a header",
            hint="Use letters, digits, - and _ only.",
        )
    if len(token) < _SHORTEST:
        _log.warning("the token from %s has %d characters; %d or more are hard to guess", source, len(token), _SHORTEST)
    return token
