"""Where a suggestion meets the text: blanks and line breaks on both sides."""

from andiron_daemon.completion.gap import Gap
from andiron_daemon.completion.multiline import Extent


def mend_left(text: str, gap: Gap) -> str:
    """Drop blanks the text before the cursor has already, and an empty first line on an empty line."""
    before = gap.line_before
    if not before.strip():
        return _on_empty_line(text, before)
    if before[-1] in " \t" and text[:1] in (" ", "\t"):
        return text.lstrip(" \t")
    return text


def _on_empty_line(text: str, before: str) -> str:
    first, line_end, rest = text.partition("\n")
    while line_end and not first.strip():
        first, line_end, rest = rest.partition("\n")
        # What was meant for a line of its own has its indentation with it; the cursor's line has that already.
        first = first.removeprefix(before)
    if before and first.startswith(before) and len(first) - len(first.lstrip()) > len(before):
        # Indented from the margin, as if the line were empty.
        first = first[len(before) :] if _is_indented_from_margin(first, rest, before) else first
    return first + line_end + rest


def _is_indented_from_margin(first: str, rest: str, before: str) -> bool:
    width = len(first) - len(first.lstrip())
    following = next((line for line in rest.split("\n") if line.strip()), None)
    return following is not None and len(following) - len(following.lstrip()) < width + len(before)


def mend_right(text: str, gap: Gap, extent: Extent) -> str:
    """End a suggestion as the text behind it needs it."""
    behind = gap.line_behind
    if not behind.strip():
        return text.rstrip()
    if behind[:1] in (" ", "\t") and text.strip() and gap.line_before.strip():
        return text.rstrip(" \t")
    if not gap.line_before and extent is Extent.LINE and text.strip() and "\n" not in text.rstrip():
        # The cursor is at the beginning of a line that is to stay a line.
        return text.rstrip() + "\n"
    return text
