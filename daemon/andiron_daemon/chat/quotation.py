"""The files and diagnostics of an editor as text a model can refer to: path, line numbers, within a budget."""

from collections.abc import Sequence

import msgspec

from andiron_daemon.answers import all_truncated, estimate_tokens
from andiron_daemon.chat.types import ChatContext, ContextDiagnostic, ContextFile, ContextUse
from andiron_daemon.positions import split_lines
from andiron_models.types import Truncated

# Less of a file than this says nothing.
_SMALLEST_QUOTE = 80


class Quotation(msgspec.Struct, frozen=True, kw_only=True):
    """The text, and what of each file is in it."""

    text: str
    used: tuple[ContextUse, ...] = ()
    truncated: Truncated | None = None


def quote_context(context: ChatContext, characters: int) -> Quotation:
    """Quote what fits: files in the order given, then diagnostics.

    Of a file that does not fit, the lines around the selection are kept, else its beginning.
    """
    parts: list[str] = []
    used: list[ContextUse] = []
    cuts: list[Truncated | None] = []
    if about := _about(context):
        parts.append(about)
    for file in context.files:
        quote, shown, cut = _quote_file(file, characters)
        characters -= len(quote)
        if quote:
            parts.append(quote)
        dropped = max(0, estimate_tokens(file.content) - estimate_tokens(shown)) if cut else 0
        cuts.append(Truncated(dropped_tokens=dropped, what=f"part of {file.path}") if cut else None)
        used.append(ContextUse(path=file.path, tokens=estimate_tokens(quote) if quote else 0, cut=cut))
    diagnostics, left_out = _quote_diagnostics(context.diagnostics, characters)
    if diagnostics:
        parts.append(diagnostics)
    if left_out:
        plural = "diagnostic" if len(left_out) == 1 else "diagnostics"
        tokens = sum(estimate_tokens(line) for line in left_out)
        cuts.append(Truncated(dropped_tokens=tokens, what=f"{len(left_out)} {plural}"))
    return Quotation(text="\n\n".join(parts), used=tuple(used), truncated=all_truncated(*cuts))


def _about(context: ChatContext) -> str:
    facts = [("Workspace", context.workspace), ("Language", context.language)]
    return "\n".join(f"{name}: {value}" for name, value in facts if value)


def _quote_file(file: ContextFile, characters: int) -> tuple[str, str, bool]:
    """Return the quote, the text of the file that is in it, and whether something is missing."""
    lines = split_lines(file.content)
    if not lines[-1]:
        lines.pop()
    first, last = _window(file, lines, characters)
    if first == last:
        return "", "", bool(lines)
    width = len(str(last))
    body = "\n".join(f"{number + 1:>{width}} | {lines[number]}" for number in range(first, last))
    is_cut = last - first < len(lines)
    place = f", lines {first + 1}-{last} of {len(lines)}" if is_cut else ""
    marked = ""
    if file.selection is not None:
        marked = f", selected: lines {file.selection.start.line + 1}-{file.selection.end.line + 1}"
    head = f"File {file.path}{place}{marked}:"
    fence = _fence(file.content)
    return f"{head}\n{fence}{file.language or ''}\n{body}\n{fence}", "\n".join(lines[first:last]), is_cut


def _window(file: ContextFile, lines: Sequence[str], characters: int) -> tuple[int, int]:
    """Choose the lines that fit: grow from the selection's first line both ways, or from the top."""
    costs = [len(line) + len(str(len(lines))) + 4 for line in lines]
    room = characters - len(file.path) - _SMALLEST_QUOTE
    if sum(costs) <= room:
        return 0, len(lines)
    start = min(file.selection.start.line, max(0, len(lines) - 1)) if file.selection is not None else 0
    first = last = max(0, start)
    grew = True
    while grew:
        grew = False
        # Two lines below for one above: what is marked usually goes on downwards.
        for step in (1, 1, -1):
            index = last if step > 0 else first - 1
            if 0 <= index < len(lines) and costs[index] <= room:
                room -= costs[index]
                first, last = (first, last + 1) if step > 0 else (first - 1, last)
                grew = True
    return first, last


def _fence(content: str) -> str:
    """Choose a fence the content cannot close."""
    fence = "```"
    while fence in content:
        fence += "`"
    return fence


def _quote_diagnostics(diagnostics: Sequence[ContextDiagnostic], characters: int) -> tuple[str, list[str]]:
    """Return the lines that fit as one text, and those that do not."""
    shown: list[str] = []
    left_out: list[str] = []
    for diagnostic in diagnostics:
        line = _diagnostic_line(diagnostic)
        characters -= len(line) + 1
        (shown if characters >= 0 else left_out).append(line)
    return ("\n".join(["Diagnostics:", *shown]) if shown else ""), left_out


def _diagnostic_line(diagnostic: ContextDiagnostic) -> str:
    line = f":{diagnostic.range.start.line + 1}" if diagnostic.range is not None else ""
    where = f"{diagnostic.path or ''}{line} "
    source = f" ({diagnostic.source})" if diagnostic.source else ""
    return f"- {where.lstrip()}{diagnostic.severity or 'problem'}: {diagnostic.message}{source}"
