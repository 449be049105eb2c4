"""`GET /api/v1/events`: what happens in the daemon, as server-sent events, until either side leaves."""

import contextlib
from collections.abc import AsyncGenerator

from aiohttp import web

from andiron_daemon import keys
from andiron_daemon.api.wire import Named, answer_stream
from andiron_daemon.events import BudgetUsedUp, DaemonStops, Events, Happening, PullEnded, StateEvent

_NAMES: dict[type[Happening], str] = {
    StateEvent: "state",
    PullEnded: "pull",
    BudgetUsedUp: "budget",
    DaemonStops: "stopping",
}
# The same by name, for the description of the API.
EVENTS = {name: kind for kind, name in _NAMES.items()}


async def follow(request: web.Request) -> web.StreamResponse:
    """Tell how the daemon is, and then what happens."""
    return await answer_stream(request, _named(request.app[keys.SERVICES].events))


async def end_all(app: web.Application) -> None:
    """End every stream, so that followers do not hold up the daemon's end."""
    await app[keys.SERVICES].events.aclose()


async def _named(events: Events) -> AsyncGenerator[Named, None]:
    async with contextlib.aclosing(events.follow()) as happenings:
        async for happening in happenings:
            yield Named(name=_NAMES[type(happening)], body=happening)
