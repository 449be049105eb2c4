"""The one table of what generates: which body asks for it, and which service answers.

HTTP handlers and the socket both begin their work here; `generate` is the HTTP half, `ws.connection` the other.
"""

from collections.abc import AsyncGenerator, Callable
from typing import Generic, TypeVar

import msgspec
from aiohttp import web

from andiron_daemon import keys
from andiron_daemon.analysis.service import AnalysisEvent
from andiron_daemon.api.bodies import (
    AnalyzeBody,
    ChatBody,
    CompleteBody,
    ExplainBody,
    FindBugsBody,
    GenerateTestsBody,
    RefactorBody,
    WarmUp,
)
from andiron_daemon.api.wire import answer_stream, answer_whole, read_body, wants_stream
from andiron_daemon.assist.explain import ExplainEvent
from andiron_daemon.assist.find_bugs import FindBugsEvent
from andiron_daemon.assist.generate_tests import GenerateTestsEvent
from andiron_daemon.assist.refactor import RefactorEvent
from andiron_daemon.chat.service import ChatEvent
from andiron_daemon.completion.service import CompletionEvent
from andiron_daemon.middleware.request_id import request_id_of
from andiron_daemon.services import Services

Body = TypeVar(
    "Body", bound=ChatBody | CompleteBody | ExplainBody | RefactorBody | FindBugsBody | GenerateTestsBody | AnalyzeBody
)
Event = TypeVar("Event", bound=msgspec.Struct)


class Work(msgspec.Struct, Generic[Body, Event], frozen=True):
    """One row: `begin` answers a body; its last event is the whole answer, closing it cancels the work.

    `has_text` tells whether anything will come that could be streamed.
    """

    body: type[Body]
    begin: Callable[[Services, Body, str], AsyncGenerator[Event, None]]
    has_text: Callable[[Body], bool] = lambda _: True


def _chat(services: Services, body: ChatBody, request_id: str) -> AsyncGenerator[ChatEvent, None]:
    return services.chat.answer(body, request_id=request_id)


def _complete(
    services: Services, body: CompleteBody, request_id: str
) -> AsyncGenerator[CompletionEvent | WarmUp, None]:
    """Complete; with `max_tokens` 0 only warm the place up."""
    if body.max_tokens == 0:
        return _warm_up(services, body, request_id)
    # The service's own iterator, with nothing around it: a cached answer costs about as much as a wrapper.
    return services.completion.complete(body, request_id=request_id, stream=body.stream)


async def _warm_up(
    services: Services, body: CompleteBody, request_id: str
) -> AsyncGenerator[CompletionEvent | WarmUp, None]:
    yield WarmUp(id=await services.completion.warm_up(body, request_id=request_id))


def _explain(services: Services, body: ExplainBody, request_id: str) -> AsyncGenerator[ExplainEvent, None]:
    return services.assist.explain(body, request_id=request_id)


def _refactor(services: Services, body: RefactorBody, request_id: str) -> AsyncGenerator[RefactorEvent, None]:
    return services.assist.refactor(body, request_id=request_id)


def _find_bugs(services: Services, body: FindBugsBody, request_id: str) -> AsyncGenerator[FindBugsEvent, None]:
    return services.assist.find_bugs(body, request_id=request_id)


def _generate_tests(
    services: Services, body: GenerateTestsBody, request_id: str
) -> AsyncGenerator[GenerateTestsEvent, None]:
    return services.assist.generate_tests(body, request_id=request_id)


def _analyze(services: Services, body: AnalyzeBody, request_id: str) -> AsyncGenerator[AnalysisEvent, None]:
    return services.analysis.analyse(body, request_id=request_id)


CHAT = Work(ChatBody, _chat)
COMPLETION = Work(CompleteBody, _complete, lambda body: body.max_tokens != 0)
ANALYSIS = Work(AnalyzeBody, _analyze)
EXPLANATION = Work(ExplainBody, _explain)
REFACTORING = Work(RefactorBody, _refactor)
BUG_REPORT = Work(FindBugsBody, _find_bugs)
GENERATED_TESTS = Work(GenerateTestsBody, _generate_tests)


async def generate(request: web.Request, work: Work[Body, Event], *, as_events: bool = False) -> web.StreamResponse:
    """Answer a request with a row's work: as events where they are asked for, else as one body."""
    body = await read_body(request, work.body)
    stream = (as_events or wants_stream(request, body.stream)) and work.has_text(body)
    if body.stream is not stream:
        body = msgspec.structs.replace(body, stream=stream)
    events = work.begin(request.app[keys.SERVICES], body, request_id_of(request))
    if stream:
        return await answer_stream(request, events)
    return await answer_whole(events)
