"""A small client of the daemon for the command line, the tray, the installer and the tests.

Standard library only, and never through a proxy: what goes to the loopback stays there.
Finding a daemon means reading its run file while its lock is held, or looking who holds it (`holder`) where the
file is gone; the token is never shown to whatever else may answer on a port that a killed daemon left behind. A token
that is refused is looked up again: it may have been changed while the client was at work.
"""

import http.client
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import msgspec

from andiron_daemon.errors import ConfigurationError, DaemonError
from andiron_daemon.holder import listening_holder
from andiron_daemon.paths import Paths, find_paths
from andiron_daemon.runfile import RunRecord, is_held, read_run_file, write_run_file
from andiron_daemon.settings import Settings, load_settings
from andiron_daemon.tokens import find_token

_POLL_SECONDS = 0.03
_NO_ANSWER_HINT = "See `andiron status`, and the log named there."
_NOT_LET_IN_HINT = (
    "The daemon runs with another token than its file, or ANDIRON_TOKEN, has now: `andiron stop`, then `andiron up`, "
    "make them one again."
)


class ClientError(DaemonError):
    """The daemon said no, or nothing; `code` is its code, or `unreachable`."""

    def __init__(self, code: str, message: str, *, hint: str | None = None, request_id: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.request_id = request_id


class Event(msgspec.Struct, frozen=True):
    """One server-sent event."""

    name: str
    data: dict[str, Any]


class Client:
    """Requests to one daemon; every call has a connection of its own, so that threads may share a client."""

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        timeout_seconds: float = 30.0,
        look_up_token: Callable[[], str | None] | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        self._token = token
        self._look_up_token = look_up_token
        self._timeout_seconds = timeout_seconds

    @property
    def token(self) -> str | None:
        """The token it shows, if any."""
        return self._token

    def get(self, path: str) -> Any:
        """GET a path and return the JSON body."""
        return self.request("GET", path)

    def post(self, path: str, body: Any = None, *, timeout_seconds: float | None = None) -> Any:
        """POST a JSON body and return the JSON body of the answer, None if it is empty."""
        return self.request("POST", path, body, timeout_seconds=timeout_seconds)

    def patch(self, path: str, body: Any) -> Any:
        """PATCH with a JSON body and return the JSON body of the answer."""
        return self.request("PATCH", path, body)

    def delete(self, path: str) -> Any:
        """DELETE a path."""
        return self.request("DELETE", path)

    def health(self) -> dict[str, Any]:
        """Say that it is there; needs no token."""
        answer: dict[str, Any] = self.request("GET", "/health", timeout_seconds=2.0)
        return answer

    def status(self) -> dict[str, Any]:
        """Return everything the daemon tells of itself."""
        answer: dict[str, Any] = self.get("/api/v1/status")
        return answer

    def stop(self) -> None:
        """Ask the daemon to stop; it does so after this call has returned."""
        self.post("/api/v1/system/stop", timeout_seconds=5.0)

    def request(self, method: str, path: str, body: Any = None, *, timeout_seconds: float | None = None) -> Any:
        """Send one request and return the decoded body.

        Raises:
            ClientError: for every answer of status 400 or more, and when there is no answer.
        """
        connection = self._connect(timeout_seconds)
        try:
            content = self._send(connection, method, path, body, "application/json").read()
            return msgspec.json.decode(content) if content else None
        except (OSError, http.client.HTTPException, msgspec.DecodeError) as error:
            raise self._unreachable(error) from error
        finally:
            connection.close()

    def stream(self, path: str, body: Any) -> Generator[Event, None, None]:
        """POST a body and yield the events of the answer; closing the iterator cancels the work.

        Raises:
            ClientError: as `request` does, and for an `error` event.
        """
        connection = self._connect(None)
        response = None
        try:
            response = self._send(connection, "POST", path, body, "text/event-stream")
            for event in _events(response):
                if event.name == "error":
                    raise _refusal(event.data, response.headers.get("X-Request-Id"))
                yield event
                if event.name == "done":
                    return
            raise self._unreachable("the answer broke off")
        except (OSError, http.client.HTTPException, msgspec.DecodeError) as error:
            raise self._unreachable(error) from error
        finally:
            # Both hold the socket; the daemon sees the end only when both have let go.
            if response is not None:
                response.close()
            connection.close()

    def follow(self, path: str = "/api/v1/events", *, silence_seconds: float = 25.0) -> Generator[Event, None, None]:
        """GET a path and yield the events that come, until the daemon ends the stream or this is closed.

        Raises:
            ClientError: as `request` does, and when nothing, not even a comment, came for `silence_seconds`.
        """
        connection = self._connect(silence_seconds)
        response = None
        try:
            response = self._send(connection, "GET", path, None, "text/event-stream")
            yield from _events(response)
        except (OSError, http.client.HTTPException, msgspec.DecodeError) as error:
            raise self._unreachable(error) from error
        finally:
            if response is not None:
                response.close()
            connection.close()

    def _connect(self, timeout_seconds: float | None) -> http.client.HTTPConnection:
        parts = urlsplit(self.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        return kind(parts.hostname or "127.0.0.1", parts.port, timeout=timeout_seconds or self._timeout_seconds)

    def _send(
        self, connection: http.client.HTTPConnection, method: str, path: str, body: Any, accept: str
    ) -> http.client.HTTPResponse:
        response = self._ask(connection, method, path, body, accept)
        if response.status == http.client.UNAUTHORIZED and self._has_new_token():
            response.read()
            response = self._ask(connection, method, path, body, accept)
        if response.status >= http.client.BAD_REQUEST:
            raise _refusal(_decoded(response.read()), response.headers.get("X-Request-Id"), response.status)
        return response

    def _ask(
        self, connection: http.client.HTTPConnection, method: str, path: str, body: Any, accept: str
    ) -> http.client.HTTPResponse:
        headers = {"Accept": accept, "Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        connection.request(method, path, None if body is None else msgspec.json.encode(body), headers)
        return connection.getresponse()

    def _has_new_token(self) -> bool:
        """Look the token up again, and tell whether it is another one by now."""
        token = self._look_up_token() if self._look_up_token is not None else None
        if token is None or token == self._token:
            return False
        self._token = token
        return True

    def _unreachable(self, reason: object) -> ClientError:
        return ClientError("unreachable", f"no answer from {self.url}: {reason}", hint=_NO_ANSWER_HINT)


def running_daemon(paths: Paths) -> RunRecord | None:
    """Return the record of the daemon that runs from these folders, None if none does.

    A run file that somebody removed is written again, for all who read it.
    """
    if not is_held(paths):
        return None
    return read_run_file(paths) or _unrecorded_daemon(paths)


def _unrecorded_daemon(paths: Paths) -> RunRecord | None:
    record = listening_holder(paths)
    if record is None:
        return None
    with suppress(ClientError, OSError):
        version = str(Client(record.url).health().get("version", ""))
        record = read_run_file(paths) or msgspec.structs.replace(record, version=version)
        write_run_file(paths, record)
    return record


def find_client(paths: Paths | None = None, *, timeout_seconds: float = 30.0) -> Client | None:
    """Return a client of the running daemon, None if none runs."""
    paths = paths or find_paths()
    record = running_daemon(paths)
    if record is None:
        return None
    try:
        settings = load_settings(paths)
    except ConfigurationError:
        # A daemon that runs can be talked to even while the settings for its next start are wrong.
        settings = Settings()
    token = find_token(settings, paths)
    return Client(record.url, token, timeout_seconds=timeout_seconds, look_up_token=lambda: find_token(settings, paths))


def answering_daemon(paths: Paths) -> RunRecord | None:
    """Return the record of the daemon of these folders if it answers now."""
    record = read_run_file(paths)
    if record is not None and is_held(paths):
        with suppress(ClientError):
            Client(record.url).health()
            return record
    return None


def wait_until_healthy(paths: Paths, *, timeout_seconds: float) -> RunRecord | None:
    """Wait for a daemon of these folders to answer; None if it does not in time."""
    deadline = time.monotonic() + timeout_seconds
    while (record := answering_daemon(paths)) is None and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    return record


def wait_until_stopped(paths: Paths, *, timeout_seconds: float) -> bool:
    """Wait until no daemon holds the lock of these folders."""
    deadline = time.monotonic() + timeout_seconds
    while is_held(paths):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _events(response: http.client.HTTPResponse) -> Iterator[Event]:
    """Read server-sent events; comments keep the line warm and are passed over."""
    name = "message"
    data: list[str] = []
    while line := response.readline():
        text = line.decode("utf-8").rstrip("\r\n")
        field, _, value = text.partition(":")
        if not text and data:
            yield Event(name, msgspec.json.decode("\n".join(data), type=dict[str, Any]))
            name, data = "message", []
        elif field == "event":
            name = value.removeprefix(" ")
        elif field == "data":
            data.append(value.removeprefix(" "))


def _decoded(content: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(content, type=dict[str, Any])
    except msgspec.DecodeError:
        return {}


def _refusal(body: dict[str, Any], request_id: str | None, status: int = 0) -> ClientError:
    error = body.get("error")
    if not isinstance(error, dict) or "code" not in error:
        return ClientError("internal", f"the server answered with status {status}", request_id=request_id)
    code = str(error["code"])
    return ClientError(
        code,
        str(error.get("message", code)),
        # What the daemon advises, looking the token up, this program has done.
        hint=_NOT_LET_IN_HINT if code == "unauthorized" else error.get("hint"),
        request_id=error.get("request_id", request_id),
    )
