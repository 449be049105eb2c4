"""`/api/v1/models`: what there is, getting it, loading it and forgetting it."""

import contextlib
from collections.abc import AsyncGenerator

from aiohttp import web

from andiron_daemon import keys
from andiron_daemon.api.bodies import ModelList
from andiron_daemon.api.wire import Named, answer_stream, json_response
from andiron_daemon.library import (
    Library,
    PullDone,
    PullEvent,
    PullNotice,
    PullProgress,
    PullStarted,
    PullWarning,
)
from andiron_daemon.tuning import TuneDone, TuneEvent, TuneProgress, TuneStarted

_NAMES: dict[type[PullEvent | TuneEvent], str] = {
    PullStarted: "start",
    PullWarning: "warning",
    PullProgress: "progress",
    PullNotice: "notice",
    PullDone: "done",
}
# The same by name, for the description of the API.
EVENTS = {name: kind for kind, name in _NAMES.items()}
_TUNE_NAMES: dict[type[PullEvent | TuneEvent], str] = {TuneStarted: "start", TuneProgress: "progress", TuneDone: "done"}
TUNE_EVENTS = {name: kind for kind, name in _TUNE_NAMES.items()}


async def index(request: web.Request) -> web.Response:
    """List the models of every backend, and those of the catalogue."""
    return json_response(ModelList(models=await _library(request).models()))


async def show(request: web.Request) -> web.Response:
    """Show one model."""
    return json_response(await _library(request).model(_id(request)))


async def pull(request: web.Request) -> web.StreamResponse:
    """Fetch a model, telling how it goes; the pull goes on when the client leaves."""
    return await answer_stream(request, _named(_library(request).pull(_id(request)), _NAMES))


async def tune(request: web.Request) -> web.StreamResponse:
    """Measure a model and keep its quickest form; a client that leaves ends that."""
    return await answer_stream(request, _named(request.app[keys.SERVICES].tuning.tune(_id(request)), _TUNE_NAMES))


async def cancel_pull(request: web.Request) -> web.Response:
    """Stop a pull."""
    await _library(request).cancel_pull(_id(request))
    return web.Response(status=204)


async def load(request: web.Request) -> web.Response:
    """Load a model into memory."""
    return json_response(await _library(request).load(_id(request)))


async def unload(request: web.Request) -> web.Response:
    """Give a model's memory back."""
    return json_response(await _library(request).unload(_id(request)))


async def remove(request: web.Request) -> web.Response:
    """Delete a model from this machine."""
    await _library(request).remove(_id(request))
    return web.Response(status=204)


async def _named(
    events: AsyncGenerator[PullEvent | TuneEvent, None], names: dict[type[PullEvent | TuneEvent], str]
) -> AsyncGenerator[Named, None]:
    async with contextlib.aclosing(events):
        async for event in events:
            yield Named(name=names[type(event)], body=event)


def _library(request: web.Request) -> Library:
    return request.app[keys.SERVICES].library


def _id(request: web.Request) -> str:
    return request.match_info["id"]
