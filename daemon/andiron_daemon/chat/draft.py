"""An answer on its way: what has come of it, and what is kept and told of it at the end."""

import msgspec

from andiron_daemon.answers import all_truncated, unfinished
from andiron_daemon.chat.prompt import Prompt
from andiron_daemon.chat.types import AnswerMessage, ChatAnswer, ChatStarted
from andiron_daemon.storage.records import MessageRecord, time_now
from andiron_models.types import Delta, Finish, Usage


class Draft(msgspec.Struct, kw_only=True):
    """Collects deltas; until the last one, it counts as broken off."""

    conversation_id: str
    message_id: str
    pieces: list[str] = msgspec.field(default_factory=list)
    backend: str | None = None
    model: str | None = None
    usage: Usage | None = None
    finish: Finish | None = None
    error: str | None = "internal"
    is_cancelled: bool = False

    def add(self, delta: Delta) -> None:
        """Take in what came."""
        self.backend, self.model = delta.backend, delta.model
        self.pieces.append(delta.text)
        self.usage = delta.usage or self.usage
        if delta.finish is not None:
            self.finish, self.usage, self.error = delta.finish, delta.finish.usage, None

    def record(self) -> MessageRecord:
        """Return what is to be kept."""
        reason = self.finish.reason if self.finish is not None else None
        return MessageRecord(
            id=self.message_id,
            role="assistant",
            content="".join(self.pieces),
            created_at=time_now(),
            backend=self.backend,
            model=self.model,
            finish_reason="cancelled" if self.is_cancelled else reason,
            usage=self.usage,
            error=None if self.is_cancelled else self.error,
        )

    def started(self, delta: Delta) -> ChatStarted:
        """Announce the answer by its first delta."""
        return ChatStarted(
            id=self.message_id,
            backend=delta.backend,
            model=delta.model,
            conversation_id=self.conversation_id,
            message_id=self.message_id,
        )

    def answer(self, record: MessageRecord, prompt: Prompt) -> ChatAnswer:
        """Tell the whole answer."""
        finish = self.finish or unfinished()
        return ChatAnswer(
            conversation_id=self.conversation_id,
            message=AnswerMessage(id=record.id, content=record.content, created_at=record.created_at),
            context_used=prompt.context_used,
            backend=self.backend,
            model=self.model,
            finish_reason=finish.reason,
            usage=finish.usage,
            timings=finish.timings,
            truncated=all_truncated(prompt.truncated, finish.truncated),
            fallback=finish.fallback,
            masked=finish.masked,
            withheld=finish.withheld,
        )
