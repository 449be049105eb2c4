"""Answers messages and keeps conversations.

    taken in ──► asked ──► started ──► kept ──► answered
                  │           └ broken off: what came is kept with its reason, then the error goes on
                  └ refused: nothing was begun

What was acknowledged is on disk: the answer is yielded only after the store has it. One conversation answers
one message at a time; a second waits. HTTP is the API's affair, the model's prompt `prompt`'s.
"""

import asyncio
import contextlib
import logging
import weakref
from collections.abc import AsyncGenerator, Sequence

import msgspec

from andiron_daemon.answers import TextDelta, all_truncated, unfinished
from andiron_daemon.chat.prompt import Prompt, build_prompt, title_of
from andiron_daemon.chat.store import ConversationStore
from andiron_daemon.chat.types import AnswerMessage, ChatAnswer, ChatInput, ChatStarted
from andiron_daemon.counters import Counters
from andiron_daemon.errors import DaemonError, InvalidRequestError, http_status
from andiron_daemon.identifiers import new_id
from andiron_daemon.storage.records import ConversationPage, ConversationRecord, MessageRecord, StoreCounts, time_now
from andiron_models.errors import ModelError
from andiron_models.router import Router
from andiron_models.types import ChatRequest, Delta, Finish, Sampling, check_sampling

ChatEvent = ChatStarted | TextDelta | ChatAnswer

_log = logging.getLogger(__name__)
_TEMPERATURE = 0.2
_TOP_P = 0.9
_ANSWER_TOKENS = 1024
_LONGEST_PAGE = 200


class _Draft(msgspec.Struct, kw_only=True):
    """An answer on its way."""

    conversation_id: str
    message_id: str
    pieces: list[str] = msgspec.field(default_factory=list)
    backend: str | None = None
    model: str | None = None
    finish: Finish | None = None
    error: str | None = "internal"
    is_cancelled: bool = False

    def add(self, delta: Delta) -> None:
        self.backend, self.model = delta.backend, delta.model
        self.pieces.append(delta.text)
        if delta.finish is not None:
            self.finish, self.error = delta.finish, None

    def record(self) -> MessageRecord:
        reason = self.finish.reason if self.finish is not None else None
        return MessageRecord(
            id=self.message_id,
            role="assistant",
            content="".join(self.pieces),
            created_at=time_now(),
            backend=self.backend,
            model=self.model,
            finish_reason="cancelled" if self.is_cancelled else reason,
            usage=self.finish.usage if self.finish is not None else None,
            error=None if self.is_cancelled else self.error,
        )


class ChatService:
    """The chat: one for the daemon; `system` is what stands above a conversation that brings nothing of its own."""

    def __init__(self, router: Router, store: ConversationStore, counters: Counters, system: str) -> None:
        self._system = system
        self._router = router
        self._store = store
        self._counters = counters
        self._turns: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()

    async def answer(self, request: ChatInput, *, request_id: str | None = None) -> AsyncGenerator[ChatEvent, None]:
        """Answer a message; closing the iterator cancels the work and keeps what was generated.

        Raises:
            InvalidRequestError: for an empty message, or values out of range.
            NotFoundError: for an unknown conversation.
            ModelError: if no answer, or not all of it, can be had; `details` then names the conversation.
            StorageError: if the conversation cannot be kept.
        """
        _check(request)
        conversation_id = request.conversation_id if request.conversation_id is not None else new_id()
        turn = self._turns.setdefault(conversation_id, asyncio.Lock())
        async with turn:
            history = await self._take_in(request, conversation_id)
            prompt = build_prompt(
                request.message,
                system=self._system if request.system is None else request.system,
                history=history,
                context=request.context,
            )
            draft = _Draft(conversation_id=conversation_id, message_id=new_id())
            async with contextlib.aclosing(self._generate(request, prompt, draft, request_id)) as events:
                async for event in events:
                    yield event
            record = draft.record()
            await self._store.append(conversation_id, record)
        answer = _answer(draft, record, prompt)
        self._counters.count_answer(answer)
        yield answer

    async def get(self, conversation_id: str) -> ConversationRecord:
        """Return a conversation with its messages."""
        return await self._store.get(conversation_id)

    async def page(self, *, limit: int, cursor: str | None = None, query: str | None = None) -> ConversationPage:
        """List conversations, the newest first."""
        if not 1 <= limit <= _LONGEST_PAGE:
            raise InvalidRequestError(
                f"limit is {limit}, which is not between 1 and {_LONGEST_PAGE}",
                details={"field": "limit", "minimum": 1, "maximum": _LONGEST_PAGE},
            )
        return await self._store.page(limit=limit, cursor=cursor, query=query)

    async def delete(self, conversation_id: str) -> None:
        """Delete a conversation; an answer on its way into it has nowhere to go and fails."""
        await self._store.delete(conversation_id)

    async def counts(self) -> StoreCounts:
        """Count what is kept."""
        return await self._store.counts()

    async def _take_in(self, request: ChatInput, conversation_id: str) -> Sequence[MessageRecord]:
        """Keep the message and return what was said before it."""
        message = MessageRecord(id=new_id(), role="user", content=request.message, created_at=time_now())
        if request.conversation_id is None:
            await self._store.create(conversation_id, title_of(request.message), message)
            return ()
        history = (await self._store.get(conversation_id)).messages
        await self._store.append(conversation_id, message)
        return history

    async def _generate(
        self, request: ChatInput, prompt: Prompt, draft: _Draft, request_id: str | None
    ) -> AsyncGenerator[ChatStarted | TextDelta, None]:
        """Stream the answer into the draft; broken off, keep what came."""
        asked = _chat_request(request, prompt, draft, request_id)
        try:
            async with contextlib.aclosing(self._router.chat(asked, request.backend)) as deltas:
                async for delta in deltas:
                    is_first = draft.backend is None
                    draft.add(delta)
                    if is_first:
                        yield _started(draft, delta)
                    if delta.text:
                        yield TextDelta(text=delta.text)
            if draft.finish is None:
                raise ModelError(f"the backend {draft.backend!r} ended its answer without finishing it")
        except ModelError as error:
            draft.error = error.code
            error.details.setdefault("conversation_id", draft.conversation_id)
            if draft.backend is None and request.conversation_id is None and _is_refusal(error):
                del error.details["conversation_id"]
                await self._forget(draft.conversation_id)
            raise
        except (asyncio.CancelledError, GeneratorExit):
            draft.is_cancelled = True
            raise
        finally:
            if draft.backend is not None and (draft.error is not None or draft.is_cancelled):
                await self._keep_broken(draft)

    async def _keep_broken(self, draft: _Draft) -> None:
        try:
            await self._store.append(draft.conversation_id, draft.record())
        except DaemonError as error:
            # Why the answer broke off matters more to who waits for it.
            _log.warning("conversation %s: the broken answer is not kept: %s", draft.conversation_id, error)

    async def _forget(self, conversation_id: str) -> None:
        """Take back a conversation whose first message was refused."""
        try:
            await self._store.delete(conversation_id)
        except DaemonError as error:
            _log.warning("conversation %s: its refused message stays: %s", conversation_id, error)


def _check(request: ChatInput) -> None:
    if not request.message.strip():
        raise InvalidRequestError("the message is empty", hint="Say something.", details={"field": "message"})
    if request.max_tokens is not None and request.max_tokens < 1:
        raise InvalidRequestError(
            f"max_tokens is {request.max_tokens}, which is less than 1", details={"field": "max_tokens", "minimum": 1}
        )
    check_sampling(_sampling(request))


def _sampling(request: ChatInput) -> Sampling:
    return Sampling(temperature=_TEMPERATURE if request.temperature is None else request.temperature, top_p=_TOP_P)


def _chat_request(request: ChatInput, prompt: Prompt, draft: _Draft, request_id: str | None) -> ChatRequest:
    return ChatRequest(
        messages=prompt.messages,
        model=request.model,
        max_tokens=request.max_tokens or _ANSWER_TOKENS,
        sampling=_sampling(request),
        place=draft.conversation_id,
        request_id=request_id,
    )


def _started(draft: _Draft, delta: Delta) -> ChatStarted:
    return ChatStarted(
        id=draft.message_id,
        backend=delta.backend,
        model=delta.model,
        conversation_id=draft.conversation_id,
        message_id=draft.message_id,
    )


def _answer(draft: _Draft, record: MessageRecord, prompt: Prompt) -> ChatAnswer:
    finish = draft.finish or unfinished()
    return ChatAnswer(
        conversation_id=draft.conversation_id,
        message=AnswerMessage(id=record.id, content=record.content, created_at=record.created_at),
        context_used=prompt.context_used,
        backend=draft.backend,
        model=draft.model,
        finish_reason=finish.reason,
        usage=finish.usage,
        timings=finish.timings,
        truncated=all_truncated(prompt.truncated, finish.truncated),
        fallback=finish.fallback,
    )


def _is_refusal(error: ModelError) -> bool:
    """Tell whether asking the same again could not succeed."""
    return error.code != "rate_limited" and http_status(error.code) < 500
