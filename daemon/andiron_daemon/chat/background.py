"""What is made of a conversation when nobody waits: a better title, and a summary for when it outgrows its budget.

Asked of the model that answered, at the lowest priority, one at a time, by words added to the conversation as it
was sent, so that next to nothing is to be evaluated. A failure costs only the better words: there are cheap ones.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

import msgspec

from andiron_daemon.chat.instructions import Instructions
from andiron_daemon.chat.store import ConversationStore
from andiron_daemon.chat.title import title_of_model
from andiron_daemon.errors import DaemonError
from andiron_models.errors import ModelError
from andiron_models.router import Router
from andiron_models.types import ChatRequest, Message, Priority

_log = logging.getLogger(__name__)
_TITLE_TOKENS = 24
_SUMMARY_TOKENS = 320


class Spoken(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation as it was sent, with the answer, and who answered."""

    conversation_id: str
    messages: tuple[Message, ...]
    backend: str
    model: str


class BackgroundWork:
    """Titles and summaries under way; `aclose` drops them."""

    def __init__(self, router: Router, store: ConversationStore, instructions: Instructions) -> None:
        self._router = router
        self._store = store
        self._instructions = instructions
        self._one_at_a_time = asyncio.Lock()
        self._tasks: dict[asyncio.Task[None], str] = {}

    def make_title(self, spoken: Spoken) -> None:
        """Have a title made that replaces the cheap one, unless a person is quicker."""

        async def keep(text: str) -> None:
            title = title_of_model(text)
            if title:
                await self._store.rename(spoken.conversation_id, title, "model")

        self._start("title", spoken, self._instructions.title, _TITLE_TOKENS, keep)

    def make_summary(self, spoken: Spoken, cut: int) -> None:
        """Have a summary made that stands for the first `cut` messages once they fall out."""

        async def keep(text: str) -> None:
            if text.strip():
                await self._store.keep_summary(spoken.conversation_id, cut, text.strip())

        self._start("summary", spoken, self._instructions.summary, _SUMMARY_TOKENS, keep)

    def forget(self, conversation_id: str) -> None:
        """Drop what is made for a conversation."""
        for task, about in self._tasks.items():
            if about == conversation_id:
                task.cancel()

    async def settled(self) -> None:
        """Wait until nothing is under way."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def aclose(self) -> None:
        """Drop everything."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(
        self, what: str, spoken: Spoken, words: str, max_tokens: int, keep: Callable[[str], Awaitable[None]]
    ) -> None:
        if not words:
            return
        request = ChatRequest(
            messages=(*spoken.messages, Message(role="user", content=words)),
            model=spoken.model,
            max_tokens=max_tokens,
            priority=Priority.BACKGROUND,
            place=spoken.conversation_id,
        )
        task = asyncio.create_task(self._make(what, spoken, request, keep))
        self._tasks[task] = spoken.conversation_id
        task.add_done_callback(lambda done: self._tasks.pop(done, None))

    async def _make(
        self, what: str, spoken: Spoken, request: ChatRequest, keep: Callable[[str], Awaitable[None]]
    ) -> None:
        try:
            async with self._one_at_a_time:
                pieces: list[str] = []
                async with contextlib.aclosing(self._router.chat(request, spoken.backend)) as deltas:
                    async for delta in deltas:
                        pieces.append(delta.text)
            await keep("".join(pieces))
        except (ModelError, DaemonError) as error:
            _log.info("conversation %s gets no better %s: %s", spoken.conversation_id, what, error)
