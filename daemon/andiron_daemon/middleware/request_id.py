"""An id for every request: in the answer's X-Request-Id, in errors, and in the log."""

from aiohttp import web

from andiron_daemon.identifiers import REQUEST_ID, new_id

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


def show_request_id(request: web.Request, response: web.StreamResponse) -> None:
    """Put the id on the way out, whatever the answer is."""
    identifier: str | None = request.get(_KEY)
    if identifier is not None:
        response.headers["X-Request-Id"] = identifier
