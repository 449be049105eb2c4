"""A conversation as a document people can read."""

import re

from andiron_daemon.storage.records import ConversationRecord, MessageRecord

_LONGEST_NAME = 60


def as_markdown(conversation: ConversationRecord) -> str:
    """Write a conversation as Markdown: its title, then each message under who said it and when."""
    parts = [f"# {conversation.title}", f"_{conversation.created_at} to {conversation.updated_at}_"]
    parts += [_section(message) for message in conversation.messages]
    return "\n\n".join(parts) + "\n"


def file_name(conversation: ConversationRecord, suffix: str) -> str:
    """Make a file name of its title, of letters and digits alone."""
    words = re.sub(r"[^A-Za-z0-9]+", "-", conversation.title).strip("-").lower()[:_LONGEST_NAME].strip("-")
    return f"{words or conversation.id}.{suffix}"


def _section(message: MessageRecord) -> str:
    who = "You" if message.role == "user" else "Andiron"
    facts = [message.created_at, message.model or "", message.backend or ""]
    if message.error is not None:
        facts.append(f"broken off: {message.error}")
    elif message.finish_reason not in (None, "stop"):
        facts.append("cancelled" if message.finish_reason == "cancelled" else "cut at its longest length")
    shown = [f"_shown: {', '.join(use.path for use in message.context_used)}_"] if message.context_used else []
    return "\n\n".join([f"## {who}", f"_{' · '.join(fact for fact in facts if fact)}_", *shown, message.content])
