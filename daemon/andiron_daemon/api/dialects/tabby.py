"""Tabby's protocol: `/v1/health`, `/v1/completions` with segments, `/v1/events`."""

import contextlib
import datetime
import os
import platform
from typing import Literal

from aiohttp import hdrs, web

from andiron_daemon import __version__, keys
from andiron_daemon.api.dialects.completions_bodies import (
    CompletionsBody,
    Nothing,
    TabbyDeclaration,
    TabbyEvent,
    TabbyHealth,
    TabbySegments,
    TabbyVersion,
)
from andiron_daemon.api.dialects.filling import Limits, fill
from andiron_daemon.api.dialects.names import chosen, known_models
from andiron_daemon.api.dialects.openai_reading import read_stops
from andiron_daemon.api.dialects.text_teller import TextTeller
from andiron_daemon.api.wire import json_response, read_body
from andiron_daemon.completion.types import CompletionInput, FeedbackInput
from andiron_daemon.errors import NotFoundError
from andiron_daemon.middleware.request_id import request_id_of
from andiron_models.types import ExtraFile

# Its clients ask for less of a server older than 0.9; this is the one whose protocol this is.
_SPOKEN_VERSION = "v0.32.0"
_EVENTS: dict[str, Literal["shown", "accepted", "rejected"]] = {
    "view": "shown",
    "select": "accepted",
    "dismiss": "rejected",
}


async def health(request: web.Request) -> web.Response:
    """Say what answers; clients look for a version first."""
    services = request.app[keys.SERVICES]
    names = [name for name, _ in await known_models(services)]
    started = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=services.uptime_seconds)
    version = TabbyVersion(
        build_date=started.date().isoformat(),
        build_timestamp=started.isoformat(timespec="seconds"),
        git_sha=f"andiron-{__version__}",
        git_describe=_SPOKEN_VERSION,
    )
    model = names[0] if names else ""
    return json_response(
        TabbyHealth(
            model=model, chat_model=model, version=version, arch=platform.machine(), cpu_count=os.cpu_count() or 1
        )
    )


async def complete(request: web.Request, body: CompletionsBody, segments: TabbySegments) -> web.Response:
    """Fill the gap between the segments."""
    services = request.app[keys.SERVICES]
    choice = chosen(services, body.model)
    others = (
        *(segments.declarations or ()),
        *(segments.relevant_snippets_from_recently_opened_files or ()),
        *(segments.relevant_snippets_from_changed_files or ()),
    )
    asked = CompletionInput(
        prefix=segments.prefix,
        suffix=segments.suffix,
        path=segments.filepath,
        language=None if segments.filepath else body.language,
        context=tuple(map(_extra, others)),
        # Its clients are editors; each has one cursor.
        session=f"tabby:{body.user or ''}:{request.remote}:{request.headers.get(hdrs.USER_AGENT, '')}",
        backend=choice.backend,
        model=choice.model,
    )
    limits = Limits(stops=read_stops(body.stop))
    filled = await fill(services, asked, limits, request_id=request_id_of(request))
    told = TextTeller(1, ("",), wants_usage=False, asked_model=body.model)
    return json_response(told.filled(filled))


def _extra(declaration: TabbyDeclaration) -> ExtraFile:
    return ExtraFile(path=declaration.filepath, content=declaration.body)


async def take_event(request: web.Request) -> web.Response:
    """Take note of what became of a suggestion; of one that is long gone there is nothing to note."""
    event = await read_body(request, TabbyEvent)
    word = _EVENTS.get(event.type)
    if word is not None and event.completion_id is not None:
        completion = request.app[keys.SERVICES].completion
        with contextlib.suppress(NotFoundError):
            await completion.take_feedback(event.completion_id, FeedbackInput(event=word))
    return json_response(Nothing())
