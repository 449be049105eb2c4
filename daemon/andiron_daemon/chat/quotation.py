"""The files and diagnostics of an editor as text a model can refer to: path, line numbers, within a budget.

Lines are taken by relevance: selections first, then the definitions around them, the imports of their files,
the diagnostics, and last the rest, outwards from what was selected. What an earlier turn shows already is
pointed to, not repeated.
"""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from andiron_daemon.answers import all_truncated, estimate_tokens
from andiron_daemon.chat.budget import size_of
from andiron_daemon.chat.instructions import editor_facts
from andiron_daemon.chat.scope import enclosing_definition, import_lines, syntax_of
from andiron_daemon.chat.types import ChatContext, ContextDiagnostic, ContextFile, ContextUse
from andiron_daemon.positions import split_lines
from andiron_models.types import Truncated

# Less of a file than this says nothing.
_SMALLEST_QUOTE = 80
_LINES_AROUND_DIAGNOSTIC = 2
_RANGES_NAMED = 3


class Quotation(msgspec.Struct, frozen=True, kw_only=True):
    """The text, and what of each file is in it."""

    text: str
    used: tuple[ContextUse, ...] = ()
    truncated: Truncated | None = None


class _Excerpt:
    """One file, and the lines chosen of it so far."""

    def __init__(self, file: ContextFile, shown: Sequence[str]) -> None:
        self.file = file
        self.lines = split_lines(file.content)
        if not self.lines[-1]:
            self.lines.pop()
        self.chosen: set[int] = set()
        self.selected = _selected(file, len(self.lines))
        self._width = len(str(len(self.lines)))
        self._shown = shown
        self.is_shown_whole = bool(self.lines) and self._is_shown(range(len(self.lines)))

    @property
    def cost_of_head(self) -> int:
        return _SMALLEST_QUOTE + size_of(self.file.path) + len(self.file.language or "")

    @property
    def is_cut(self) -> bool:
        return not self.is_shown_whole and len(self.chosen) < len(self.lines)

    def cost_of(self, line: int) -> int:
        # Its number and three signs, a line end, and perhaps the sign of a gap before it.
        return size_of(self.lines[line]) + self._width + 6

    def quote(self) -> tuple[str, bool]:
        """Return the text, and whether it only points to an earlier turn."""
        if self.is_shown_whole:
            told = f"File {self.file.path} is unchanged; it is shown above."
            return (f"{told}\n{self._fenced(sorted(self.chosen), 'selected')}" if self.chosen else told), True
        numbers = sorted(self.chosen)
        if not numbers:
            return "", False
        if self._is_shown(numbers) and not self.selected:
            return f"File {self.file.path}: the lines that matter are shown above.", True
        return self._fenced(numbers, f"of {len(self.lines)}" if self.is_cut else ""), False

    def _fenced(self, numbers: Sequence[int], place: str) -> str:
        head = f"File {self.file.path}"
        if place:
            head += f", lines {_ranges(numbers)} {place}"
        if self.selected and not self.is_shown_whole:
            head += f", selected: lines {self.selected.start + 1}-{self.selected.stop}"
        fence = _fence(self.file.content)
        return f"{head}:\n{fence}{self.file.language or ''}\n{self._body(numbers)}\n{fence}"

    def _body(self, numbers: Iterable[int]) -> str:
        rows: list[str] = []
        last: int | None = None
        for number in numbers:
            if last is not None and number != last + 1:
                rows.append("…")
            rows.append(f"{number + 1:>{self._width}} | {self.lines[number]}")
            last = number
        return "\n".join(rows)

    def _is_shown(self, numbers: Iterable[int]) -> bool:
        # With the fences, so that the beginning of what was shown is not taken for the whole.
        body = f"\n{self._body(numbers)}\n```"
        return any(self.file.path in text and body in text for text in self._shown)


def quote_context(context: ChatContext, characters: int, shown: Sequence[str] = ()) -> Quotation:
    """Quote what fits into a budget; `shown` is what stands above."""
    excerpts = [_Excerpt(file, shown) for file in context.files]
    about = _about(context, shown)
    room = characters - len(about)
    begun: set[int] = set()
    diagnostics: list[str] = []
    left_out: list[str] = []
    for step in _by_relevance(excerpts, context.diagnostics):
        if step is None:
            diagnostics, left_out, room = _take_diagnostics(context.diagnostics, room)
            continue
        index, line = step
        excerpt = excerpts[index]
        cost = excerpt.cost_of(line) + (0 if index in begun else excerpt.cost_of_head)
        if line not in excerpt.chosen and cost <= room:
            room -= cost
            begun.add(index)
            excerpt.chosen.add(line)
    return _written(about, excerpts, diagnostics, left_out)


def _by_relevance(
    excerpts: Sequence[_Excerpt], diagnostics: Sequence[ContextDiagnostic]
) -> Iterator[tuple[int, int] | None]:
    """Name lines as file and number, the ones that matter most first; None is where the diagnostics come."""
    marked = [(index, excerpt) for index, excerpt in enumerate(excerpts) if excerpt.selected]
    for index, excerpt in marked:
        yield from ((index, line) for line in excerpt.selected)
    fresh = [(index, excerpt) for index, excerpt in enumerate(excerpts) if not excerpt.is_shown_whole]
    imports: list[tuple[int, int]] = []
    for index, excerpt in fresh:
        if excerpt.selected:
            syntax = syntax_of(excerpt.lines, excerpt.file.language, excerpt.file.path)
            around = enclosing_definition(excerpt.lines, excerpt.selected.start, excerpt.selected.stop - 1, syntax)
            yield from ((index, line) for line in _outwards(excerpt.selected, around))
            imports += [(index, line) for line in import_lines(excerpt.lines, syntax)]
    yield from imports
    yield None
    for index, excerpt in fresh:
        yield from ((index, line) for line in _lines_of_diagnostics(excerpt, diagnostics))
    # Files with a selection before those that are merely open.
    for index, excerpt in sorted(fresh, key=lambda item: not item[1].selected):
        whole = range(len(excerpt.lines))
        yield from ((index, line) for line in (_outwards(excerpt.selected, whole) if excerpt.selected else whole))


def _outwards(inner: range, outer: range) -> Iterator[int]:
    """Name the lines of `outer` beginning next to `inner`, two below for one above: code goes on downwards."""
    above, below = inner.start - 1, inner.stop
    while outer and (above >= outer.start or below < outer.stop):
        for _ in range(2):
            if below < outer.stop:
                yield below
                below += 1
        if above >= outer.start:
            yield above
            above -= 1


def _lines_of_diagnostics(excerpt: _Excerpt, diagnostics: Sequence[ContextDiagnostic]) -> Iterator[int]:
    for diagnostic in diagnostics:
        if diagnostic.path == excerpt.file.path and diagnostic.range is not None:
            line = diagnostic.range.start.line
            first = max(0, line - _LINES_AROUND_DIAGNOSTIC)
            yield from range(first, min(len(excerpt.lines), line + _LINES_AROUND_DIAGNOSTIC + 1))


def _take_diagnostics(diagnostics: Sequence[ContextDiagnostic], room: int) -> tuple[list[str], list[str], int]:
    """Return the lines that fit, those that do not, and what room is left."""
    shown: list[str] = []
    left_out: list[str] = []
    for diagnostic in diagnostics:
        line = _diagnostic_line(diagnostic)
        cost = size_of(line) + (1 if shown else len("\n\nDiagnostics:\n"))
        if cost <= room:
            room -= cost
            shown.append(line)
        else:
            left_out.append(line)
    return shown, left_out, room


def _written(about: str, excerpts: Sequence[_Excerpt], diagnostics: list[str], left_out: list[str]) -> Quotation:
    parts = [about] if about else []
    used: list[ContextUse] = []
    cuts: list[Truncated | None] = []
    for excerpt in excerpts:
        quote, is_earlier = excerpt.quote()
        if quote:
            parts.append(quote)
        path, is_cut = excerpt.file.path, excerpt.is_cut
        tokens = estimate_tokens(quote) if quote else 0
        used.append(ContextUse(path=path, tokens=tokens, cut=is_cut, earlier=is_earlier))
        if is_cut:
            missing = (line for number, line in enumerate(excerpt.lines) if number not in excerpt.chosen)
            what = f"{'part' if excerpt.chosen else 'all'} of {path}"
            cuts.append(Truncated(dropped_tokens=estimate_tokens("\n".join(missing)), what=what))
    if diagnostics:
        parts.append("\n".join(["Diagnostics:", *diagnostics]))
    if left_out:
        plural = "diagnostic" if len(left_out) == 1 else "diagnostics"
        tokens = sum(estimate_tokens(line) for line in left_out)
        cuts.append(Truncated(dropped_tokens=tokens, what=f"{len(left_out)} {plural}"))
    return Quotation(text="\n\n".join(parts), used=tuple(used), truncated=all_truncated(*cuts))


def _about(context: ChatContext, shown: Sequence[str]) -> str:
    facts = editor_facts(context.language, context.workspace)
    return "" if any(facts in text for text in shown) else facts


def _selected(file: ContextFile, count: int) -> range:
    """Return the lines a person marked; a mark that ends before a line's first character ends on the line before."""
    if file.selection is None or not count:
        return range(0)
    start, end = file.selection.start, file.selection.end
    last = end.line - 1 if end.character == 0 and end.line > start.line else end.line
    first = min(max(0, start.line), count - 1)
    return range(first, max(first, min(last, count - 1)) + 1)


def _ranges(numbers: Sequence[int]) -> str:
    """Write line numbers as ranges; of many only the first and the last."""
    starts = [number for place, number in enumerate(numbers) if not place or numbers[place - 1] != number - 1]
    ends = [number for place, number in enumerate(numbers, 1) if place == len(numbers) or numbers[place] != number + 1]
    ranges = [f"{start + 1}-{end + 1}" for start, end in zip(starts, ends, strict=True)]
    return ", ".join(ranges if len(ranges) <= _RANGES_NAMED else [ranges[0], "…", ranges[-1]])


def _fence(content: str) -> str:
    """Choose a fence the content cannot close."""
    fence = "```"
    while fence in content:
        fence += "`"
    return fence


def _diagnostic_line(diagnostic: ContextDiagnostic) -> str:
    line = f":{diagnostic.range.start.line + 1}" if diagnostic.range is not None else ""
    where = f"{diagnostic.path or ''}{line} "
    source = f" ({diagnostic.source})" if diagnostic.source else ""
    return f"- {where.lstrip()}{diagnostic.severity or 'problem'}: {diagnostic.message}{source}"
