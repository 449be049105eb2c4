"""Titles: one line of plain text, whoever wrote it. When one is given and kept is `service`'s affair."""

import re

LONGEST_TITLE = 200
_LONGEST_OF_MESSAGE = 60
_LONGEST_OF_MODEL = 80
_QUOTES = "\"'`*_#«»„“” "
# A terminal obeys the first, and everything obeys the second, which turn the reading around.
_UNPRINTED = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def as_line(text: str) -> str:
    """Write a text as one line, without signs that are not seen but steer how the rest is shown."""
    return " ".join(_UNPRINTED.sub(" ", text).split())


def title_of(message: str, longest: int = _LONGEST_OF_MESSAGE) -> str:
    """Make a title of a conversation's first message: its first line, cut at a word."""
    line = next((shown for line in message.splitlines() if (shown := as_line(line))), "")
    if len(line) <= longest:
        return line
    cut = line[: longest - 1]
    words = cut.rpartition(" ")[0]
    return (words if len(words) > longest // 2 else cut).rstrip(" ,.;:") + "…"


def title_of_model(text: str) -> str:
    """Take the first line that says something, without what models like to put around a title."""
    for line in text.splitlines():
        title = as_line(line).strip(_QUOTES).removeprefix("Title:").strip(_QUOTES).rstrip(".")
        if title:
            return title if len(title) <= _LONGEST_OF_MODEL else ""
    return ""
