"""An id for every request: in the answer's X-Request-Id, in errors, and in the log."""

from collections.abc import MutableMapping

from aiohttp import web

from andiron_daemon.identifiers import REQUEST_ID, new_id
from andiron_daemon.middleware.headers import header_name

_HEADER = header_name("X-Request-Id")
_KEY = web.RequestKey("request_id", str)


def give_request_id(request: web.Request) -> None:
    """Give the request an id that everything done for it can name."""
    identifier = new_id()
    request[_KEY] = identifier
    # aiohttp gives each request a task, and with it a context, of its own: there is nothing to put back.
    REQUEST_ID.set(identifier)


def request_id_of(request: web.Request) -> str:
    """Return the id the request was given."""
    return request[_KEY]


def show_request_id(request: web.Request, headers: MutableMapping[str, str]) -> None:
    """Put the id on the way out; what was refused before it came here has none."""
    try:
        headers[_HEADER] = request[_KEY]
    except KeyError:
        return
