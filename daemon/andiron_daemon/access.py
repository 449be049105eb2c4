"""Who may come in: the token in force, links not used up yet, and the browsers that came by one.

A link is good for one browser and a short while; what it is traded for is a session, a secret of its own that
dies with the process, with the token it was made under, or unused for some hours. Only hashes of these secrets
are kept, so that looking one up tells nothing by its time. How they travel is the middleware's affair.
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from pathlib import Path

from andiron_daemon.errors import InvalidRequestError
from andiron_daemon.settings import Settings

LINK_SECONDS = 120.0
SESSION_SECONDS = 12 * 3600.0
_LINKS_KEPT = 32
_SESSIONS_KEPT = 64


class Access:
    """Used from the event loop only; all is kept in memory, and a new token's file is its callers' part."""

    def __init__(
        self, settings: Settings, token_file: Path | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.is_required = settings.auth
        self._token = settings.token.encode()
        self._token_file = token_file
        self._clock = clock
        self._links: dict[bytes, float] = {}
        self._sessions: dict[bytes, float] = {}
        self._listeners: list[Callable[[str], None]] = []

    def on_rotation(self, listener: Callable[[str], None]) -> None:
        """Call `listener` with each new token, once it is in force."""
        self._listeners.append(listener)

    def is_token(self, shown: str) -> bool:
        """Compare with the token in force, in a time that does not tell how much of it was right."""
        return hmac.compare_digest(shown.encode("utf-8", "surrogateescape"), self._token)

    def check_rotation(self) -> Path:
        """Return the file a new token is to be written to.

        Raises:
            InvalidRequestError: if the token came from the settings, or none is asked for.
        """
        if not self.is_required:
            raise InvalidRequestError("no token is asked for", hint="Turn ANDIRON_AUTH on and start Andiron again.")
        if self._token_file is None:
            raise InvalidRequestError(
                "the token was given by the settings", hint="Change ANDIRON_TOKEN there and start Andiron again."
            )
        return self._token_file

    def take(self, token: str) -> None:
        """Put a token in force: the old one, every link and every session made under it are refused from now on."""
        self._token = token.encode()
        self._links.clear()
        self._sessions.clear()
        for listener in self._listeners:
            listener(token)

    def make_link(self) -> str:
        """Make the code of a link."""
        return _issue(self._links, self._clock() + LINK_SECONDS, _LINKS_KEPT)

    def redeem(self, code: str) -> str | None:
        """Use a link up and return the session's secret; None if it is not good, or no longer."""
        good_until = self._links.pop(_hash(code), 0.0)
        if good_until < self._clock():
            return None
        return _issue(self._sessions, self._clock() + SESSION_SECONDS, _SESSIONS_KEPT)

    def is_session(self, secret: str) -> bool:
        """Tell whether a session is open, and keep it so."""
        key = _hash(secret)
        now = self._clock()
        if self._sessions.get(key, 0.0) < now:
            self._sessions.pop(key, None)
            return False
        # The newest stand last, and the first is given up where there are too many.
        del self._sessions[key]
        self._sessions[key] = now + SESSION_SECONDS
        return True

    def end_session(self, secret: str) -> None:
        """Close a session."""
        self._sessions.pop(_hash(secret), None)


def _issue(kept: dict[bytes, float], until: float, most: int) -> str:
    while len(kept) >= most:
        del kept[next(iter(kept))]
    secret = secrets.token_urlsafe(32)
    kept[_hash(secret)] = until
    return secret


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()
