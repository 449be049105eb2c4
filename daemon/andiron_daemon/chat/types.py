"""What goes into the chat and comes out of it."""

from typing import Literal

import msgspec

from andiron_daemon.answers import Generated, Started
from andiron_daemon.positions import Range
from andiron_daemon.storage.records import ContextUse, ConversationPage, ConversationRecord

__all__ = (
    "AnswerMessage",
    "ChatAnswer",
    "ChatContext",
    "ChatInput",
    "ChatStarted",
    "ContextDiagnostic",
    "ContextFile",
    "ContextUse",
    "ConversationPage",
    "ConversationRecord",
    "RegenerateInput",
)


class ContextFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file the editor has open; `selection` is what the person marked in it."""

    path: str
    content: str
    language: str | None = None
    selection: Range | None = None


class ContextDiagnostic(msgspec.Struct, frozen=True, kw_only=True):
    """Something a linter or compiler said in the editor."""

    message: str
    path: str | None = None
    range: Range | None = None
    severity: str | None = None
    source: str | None = None


class ChatContext(msgspec.Struct, frozen=True, kw_only=True):
    """What the person is looking at."""

    files: tuple[ContextFile, ...] = ()
    diagnostics: tuple[ContextDiagnostic, ...] = ()
    language: str | None = None
    workspace: str | None = None


class ChatInput(msgspec.Struct, frozen=True, kw_only=True):
    """A message to be answered; without `conversation_id` it begins a conversation."""

    message: str
    conversation_id: str | None = None
    system: str | None = None
    context: ChatContext | None = None
    backend: str | None = None
    model: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None


class RegenerateInput(msgspec.Struct, frozen=True, kw_only=True):
    """How the last answer of a conversation is to be given again."""

    backend: str | None = None
    model: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None


class AnswerMessage(msgspec.Struct, frozen=True, kw_only=True):
    """The assistant's message as it was kept."""

    id: str
    content: str
    created_at: str
    role: Literal["assistant"] = "assistant"


class ChatStarted(Started, frozen=True, kw_only=True):
    """The answer begins; it will be kept under `message_id`."""

    conversation_id: str
    message_id: str


class ChatAnswer(Generated, frozen=True, kw_only=True, omit_defaults=True):
    """The answer, which is on disk by now."""

    conversation_id: str
    message: AnswerMessage
    context_used: tuple[ContextUse, ...]
