"""The one table of what generates: which body asks for it, and which service answers.

HTTP handlers and the socket both begin their work here; how it travels is their own affair.
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Generic, TypeVar

import msgspec

from andiron_daemon.api.bodies import ChatBody, CompleteBody, WarmUp
from andiron_daemon.chat.service import ChatEvent
from andiron_daemon.completion.service import CompletionEvent
from andiron_daemon.services import Services

Body = TypeVar("Body", bound=msgspec.Struct)
Event = TypeVar("Event", bound=msgspec.Struct)


class Work(msgspec.Struct, Generic[Body, Event], frozen=True):
    """One row: `begin` answers a body; its last event is the whole answer, closing it cancels the work."""

    body: type[Body]
    begin: Callable[[Services, Body, str], AsyncGenerator[Event, None]]


def _chat(services: Services, body: ChatBody, request_id: str) -> AsyncGenerator[ChatEvent, None]:
    return services.chat.answer(body, request_id=request_id)


async def _complete(
    services: Services, body: CompleteBody, request_id: str
) -> AsyncGenerator[CompletionEvent | WarmUp, None]:
    """Complete; with `max_tokens` 0 only warm the place up."""
    if body.max_tokens == 0:
        yield WarmUp(id=await services.completion.warm_up(body, request_id=request_id))
        return
    async with aclosing(services.completion.complete(body, request_id=request_id, stream=body.stream)) as events:
        async for event in events:
            yield event


CHAT = Work(ChatBody, _chat)
COMPLETION = Work(CompleteBody, _complete)
