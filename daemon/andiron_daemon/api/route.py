"""One row of the table of routes; the rows stand in `routes` and, for other people's protocols, in `dialects`."""

import msgspec
from aiohttp.typedefs import Handler


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One row: `request` and `response` are the types of the bodies, `status` what success answers with."""

    method: str
    path: str
    handler: Handler
    summary: str
    is_open: bool = False
    is_socket: bool = False
    request: type[msgspec.Struct] | None = None
    response: type[msgspec.Struct] | None = None
    status: int = 200
    can_stream: bool = False
