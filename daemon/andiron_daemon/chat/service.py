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
from collections.abc import AsyncGenerator

import msgspec

from andiron_daemon.answers import TextDelta
from andiron_daemon.chat.background import BackgroundWork, Spoken
from andiron_daemon.chat.budget import budget_for
from andiron_daemon.chat.draft import Draft
from andiron_daemon.chat.instructions import Instructions
from andiron_daemon.chat.prompt import Prompt, build_prompt, is_next_cut_due, lay_out, next_cut_of
from andiron_daemon.chat.store import ConversationStore
from andiron_daemon.chat.title import LONGEST_TITLE, as_line, title_of
from andiron_daemon.chat.types import ChatAnswer, ChatContext, ChatInput, ChatStarted, RegenerateInput
from andiron_daemon.counters import Counters
from andiron_daemon.errors import DaemonError, InvalidRequestError, NotFoundError, http_status
from andiron_daemon.identifiers import new_id
from andiron_daemon.pump import Pump, pumped
from andiron_daemon.storage.records import (
    ConversationPage,
    ConversationRecord,
    History,
    MessageRecord,
    StoreCounts,
    time_now,
)
from andiron_models.errors import ModelError
from andiron_models.router import Router
from andiron_models.types import ChatRequest, Delta, Message, Sampling, check_sampling

ChatEvent = ChatStarted | TextDelta | ChatAnswer

_log = logging.getLogger(__name__)
_TEMPERATURE = 0.2
_TOP_P = 0.9
_ANSWER_TOKENS = 1024
_LONGEST_PAGE = 200
# What the local engine gives a model on all but the smallest machines.
_UNLOADED_CONTEXT = 4096


class _Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be answered: the prompt, how, and which answer it replaces; `is_new` where it is the first."""

    how: ChatInput | RegenerateInput
    prompt: Prompt
    answer_tokens: int
    is_new: bool = False
    replaces: str | None = None


class ChatService:
    """The chat: one for the daemon; `aclose` drops what is made in the background."""

    def __init__(
        self, router: Router, store: ConversationStore, counters: Counters, instructions: Instructions
    ) -> None:
        self._instructions = instructions
        self._router = router
        self._store = store
        self._counters = counters
        self._background = BackgroundWork(router, store, instructions)
        self._turns: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()
        self._answering: dict[str, Pump[Delta]] = {}

    async def answer(self, request: ChatInput, *, request_id: str | None = None) -> AsyncGenerator[ChatEvent, None]:
        """Answer a message; closing the iterator cancels the work and keeps what was generated.

        Raises:
            InvalidRequestError: for an empty message, or values out of range.
            NotFoundError: for an unknown conversation, also one that is deleted meanwhile.
            ModelError: if no answer, or not all of it, can be had; `details` then names the conversation.
            StorageError: if the conversation cannot be kept.
        """
        if not request.message.strip():
            raise InvalidRequestError("the message is empty", hint="Say something.", details={"field": "message"})
        _check(request)
        conversation_id = request.conversation_id if request.conversation_id is not None else new_id()
        async with self._turn(conversation_id):
            asked = await self._take_in(request, conversation_id)
            async with contextlib.aclosing(self._answer(conversation_id, asked, request_id)) as events:
                async for event in events:
                    yield event

    async def regenerate(
        self, conversation_id: str, how: RegenerateInput, *, request_id: str | None = None
    ) -> AsyncGenerator[ChatEvent, None]:
        """Answer the last message again; the new answer takes the place of the old one once there is one.

        Raises:
            InvalidRequestError: for values out of range, or a conversation nobody has said anything in.
            NotFoundError, ModelError, StorageError: as for `answer`.
        """
        _check(how)
        async with self._turn(conversation_id):
            history = await self._store.history(conversation_id)
            turns = history.turns
            last = next((index for index in reversed(range(len(turns))) if turns[index].role == "user"), None)
            if last is None:
                raise InvalidRequestError("there is no message to answer again", details={"field": "conversation_id"})
            layout = history.layout
            if layout.system is None:
                layout = msgspec.structs.replace(layout, system=self._instructions.system_text())
            prompt = lay_out(layout, turns[:last], turns[last].text)
            asked = _Asked(
                how=how,
                prompt=msgspec.structs.replace(prompt, context_used=turns[last].context_used),
                answer_tokens=_answer_tokens(how, await self._context_length(how)),
                replaces=turns[-1].id if last < len(turns) - 1 else None,
            )
            async with contextlib.aclosing(self._answer(conversation_id, asked, request_id)) as events:
                async for event in events:
                    yield event

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

    async def rename(self, conversation_id: str, title: str) -> ConversationRecord:
        """Give a conversation a person's title, which no model replaces."""
        title = as_line(title)
        if not 1 <= len(title) <= LONGEST_TITLE:
            raise InvalidRequestError(
                f"the title has {len(title)} characters, which is not between 1 and {LONGEST_TITLE}",
                details={"field": "title", "minimum": 1, "maximum": LONGEST_TITLE},
            )
        await self._store.rename(conversation_id, title, "person")
        return await self._store.get(conversation_id)

    async def delete(self, conversation_id: str) -> None:
        """Delete a conversation for good; an answer on its way ends with NotFoundError."""
        self._drop(conversation_id)
        await self._store.delete(conversation_id)
        await self._router.forget(conversation_id)

    async def delete_older(self, before: str) -> int:
        """Delete the conversations nothing was said in since a time; return how many."""
        deleted = await self._store.delete_older(before)
        for conversation_id in deleted:
            self._drop(conversation_id)
            await self._router.forget(conversation_id)
        return len(deleted)

    async def counts(self) -> StoreCounts:
        """Count what is kept."""
        return await self._store.counts()

    async def settled(self) -> None:
        """Wait until nothing is made in the background."""
        await self._background.settled()

    async def aclose(self) -> None:
        """Drop what is made in the background."""
        await self._background.aclose()

    def _turn(self, conversation_id: str) -> asyncio.Lock:
        return self._turns.setdefault(conversation_id, asyncio.Lock())

    def _drop(self, conversation_id: str) -> None:
        self._background.forget(conversation_id)
        if conversation_id in self._answering:
            self._answering[conversation_id].stop()

    async def _take_in(self, request: ChatInput, conversation_id: str) -> _Asked:
        """Keep the message with what is sent of it."""
        history = None
        if request.conversation_id is not None:
            history = await self._store.history(conversation_id)
        context_length = await self._context_length(request)
        answer_tokens = _answer_tokens(request, context_length)
        # Off the loop, since a large file takes a while to be quoted.
        prompt = await asyncio.to_thread(
            build_prompt,
            request.message,
            system=self._system(request, history),
            budget=budget_for(context_length, answer_tokens),
            history=history,
            context=request.context,
        )
        message = MessageRecord(
            id=new_id(), role="user", content=request.message, created_at=time_now(), context_used=prompt.context_used
        )
        if history is None:
            title, system = title_of(request.message), prompt.layout.system or ""
            await self._store.create(conversation_id, title, message, sent=prompt.sent, system=system)
        else:
            layout = prompt.layout if prompt.layout != history.layout else None
            await self._store.append(conversation_id, message, sent=prompt.sent, layout=layout)
        return _Asked(how=request, prompt=prompt, answer_tokens=answer_tokens, is_new=history is None)

    def _system(self, request: ChatInput, history: History | None) -> str:
        """Find what stands above the conversation: what the request says, else what stood there before."""
        if request.system is not None:
            return request.system
        if history is not None and history.layout.system is not None:
            return history.layout.system
        context = request.context or ChatContext()
        return self._instructions.system_text(language=context.language, workspace=context.workspace)

    async def _context_length(self, how: ChatInput | RegenerateInput) -> int | None:
        """Find what the model surely holds; one that is not loaded may get less context than it could have."""
        models = await self._router.chat_models(how.model, how.backend)
        lengths = [
            info.context_length if info.state != "installed" else min(info.context_length, _UNLOADED_CONTEXT)
            for info in models
            if info.context_length
        ]
        return min(lengths, default=None)

    async def _answer(
        self, conversation_id: str, asked: _Asked, request_id: str | None
    ) -> AsyncGenerator[ChatEvent, None]:
        draft = Draft(conversation_id=conversation_id, message_id=new_id())
        async with contextlib.aclosing(self._generate(asked, draft, request_id)) as events:
            async for event in events:
                yield event
        record = draft.record()
        await self._store.append(conversation_id, record, replaces=asked.replaces)
        answer = draft.answer(record, asked.prompt)
        self._counters.count_answer(answer)
        await self._think_on(asked, answer)
        yield answer

    async def _think_on(self, asked: _Asked, answer: ChatAnswer) -> None:
        """Begin what is made in the background."""
        if answer.backend is None or answer.model is None or not answer.message.content:
            return
        spoken = Spoken(
            conversation_id=answer.conversation_id,
            messages=(*asked.prompt.messages, Message(role="assistant", content=answer.message.content)),
            backend=answer.backend,
            model=answer.model,
        )
        if asked.is_new:
            self._background.make_title(spoken)
        if is_next_cut_due(asked.prompt):
            history = await self._store.history(answer.conversation_id)
            self._background.make_summary(spoken, next_cut_of(history.layout, history.turns))

    async def _generate(
        self, asked: _Asked, draft: Draft, request_id: str | None
    ) -> AsyncGenerator[ChatStarted | TextDelta, None]:
        """Stream the answer into the draft; broken off, keep what came."""
        request = _chat_request(asked, draft, request_id)
        is_deleted = False
        try:
            async with pumped(self._router.chat(request, asked.how.backend)) as pump:
                self._answering[draft.conversation_id] = pump
                async for delta in pump:
                    is_first = draft.backend is None
                    draft.add(delta)
                    if is_first:
                        yield draft.started(delta)
                    if delta.text:
                        yield TextDelta(text=delta.text)
                is_deleted = pump.was_stopped
            if is_deleted:
                raise _deleted(draft.conversation_id)
            if draft.finish is None:
                raise ModelError(f"the backend {draft.backend!r} ended its answer without finishing it")
        except ModelError as error:
            draft.error = error.code
            error.details.setdefault("conversation_id", draft.conversation_id)
            if draft.backend is None and asked.is_new and _is_refusal(error):
                del error.details["conversation_id"]
                await self._forget(draft.conversation_id)
            raise
        except (asyncio.CancelledError, GeneratorExit):
            draft.is_cancelled = True
            raise
        finally:
            self._answering.pop(draft.conversation_id, None)
            is_broken = draft.error is not None or draft.is_cancelled
            if draft.backend is not None and is_broken and not is_deleted:
                await self._keep_broken(draft, asked)

    async def _keep_broken(self, draft: Draft, asked: _Asked) -> None:
        record = draft.record()
        if asked.replaces is not None and (record.error is not None or not record.content):
            # What was to be replaced is worth more than nothing, or half of something that failed.
            return
        try:
            await self._store.append(draft.conversation_id, record, replaces=asked.replaces)
        except DaemonError as error:
            # Why the answer broke off matters more to who waits for it.
            _log.warning("conversation %s: the broken answer is not kept: %s", draft.conversation_id, error)

    async def _forget(self, conversation_id: str) -> None:
        """Take back a conversation whose first message was refused."""
        try:
            await self._store.delete(conversation_id)
        except DaemonError as error:
            _log.warning("conversation %s: its refused message stays: %s", conversation_id, error)


def _check(how: ChatInput | RegenerateInput) -> None:
    if how.max_tokens is not None and how.max_tokens < 1:
        raise InvalidRequestError(
            f"max_tokens is {how.max_tokens}, which is less than 1", details={"field": "max_tokens", "minimum": 1}
        )
    check_sampling(_sampling(how))


def _sampling(how: ChatInput | RegenerateInput) -> Sampling:
    return Sampling(temperature=_TEMPERATURE if how.temperature is None else how.temperature, top_p=_TOP_P)


def _answer_tokens(how: ChatInput | RegenerateInput, context_length: int | None) -> int:
    """Say how long the answer may be; by default no more than the context can spare."""
    if how.max_tokens is not None:
        return how.max_tokens
    return min(_ANSWER_TOKENS, context_length // 3) if context_length else _ANSWER_TOKENS


def _chat_request(asked: _Asked, draft: Draft, request_id: str | None) -> ChatRequest:
    return ChatRequest(
        messages=asked.prompt.messages,
        model=asked.how.model,
        max_tokens=asked.answer_tokens,
        sampling=_sampling(asked.how),
        place=draft.conversation_id,
        request_id=request_id,
    )


def _deleted(conversation_id: str) -> NotFoundError:
    return NotFoundError(
        f"the conversation {conversation_id!r} was deleted while it was being answered",
        hint="Leave conversation_id out to begin a new one.",
        details={"conversation_id": conversation_id},
    )


def _is_refusal(error: ModelError) -> bool:
    """Tell whether asking the same again could not succeed."""
    return error.code != "rate_limited" and http_status(error.code) < 500
