"""Pages for a browser, and what they load: files of this package, found in a table made once.

A name that is not in the table leads nowhere, whatever it is made of; no path is ever put together from a request.
What a page shows comes through the API, so that the files themselves are open.
"""

import mimetypes
from pathlib import Path

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from andiron_daemon.errors import NotFoundError

_FOLDER = Path(__file__).parent.parent / "web" / "static"
_FILES = {path.relative_to(_FOLDER).as_posix(): path for path in sorted(_FOLDER.rglob("*")) if path.is_file()}
_TYPES = {".css": "text/css", ".html": "text/html", ".js": "text/javascript", ".svg": "image/svg+xml"}
_ENCODED = ("text/", "image/svg")


def page(name: str) -> Handler:
    """Make the handler that answers with one page."""

    async def show(request: web.Request) -> web.StreamResponse:
        return _file(name)

    return show


async def static(request: web.Request) -> web.StreamResponse:
    """Answer with a file that a page loads; HTML is for the pages' own addresses."""
    name = request.match_info["file"]
    if name not in _FILES or name.endswith(".html"):
        raise NotFoundError(f"there is no file {name!r}")
    return _file(name)


def _file(name: str) -> web.FileResponse:
    path = _FILES[name]
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(name)[0] or "text/plain"
    if kind.startswith(_ENCODED):
        kind = f"{kind}; charset=utf-8"
    # With its date and size it can be asked for again cheaply, and a newer Andiron's is seen at once.
    return web.FileResponse(path, headers={hdrs.CONTENT_TYPE: kind, hdrs.CACHE_CONTROL: "no-cache"})
