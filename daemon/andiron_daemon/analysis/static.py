"""What a text tells of itself, without linters and without a model: errors, symbols, figures.

Blocks for as long as it takes, which is bounded; the service runs it beside the event loop, the command line in
processes of its own.
"""

import re

import msgspec

from andiron_daemon.analysis.complexity import Unit, units_of
from andiron_daemon.analysis.doubts import believed
from andiron_daemon.analysis.faults import faults_of
from andiron_daemon.analysis.lines import LineCounts, count_lines, count_lines_without_tree
from andiron_daemon.analysis.linters.linter import Found
from andiron_daemon.analysis.marks import DEEPEST, Marks, is_too_deep, marks_of
from andiron_daemon.analysis.places import Places
from andiron_daemon.analysis.symbols import MOST_SYMBOLS, Outline, lines_of, outline_of
from andiron_daemon.analysis.types import Metrics, Parse, StaticAnalysis, Symbol
from andiron_daemon.syntax.grammars import grammar_of
from andiron_daemon.syntax.languages import Language, language_named, language_of, language_of_text
from andiron_daemon.syntax.parse import Syntax, parse

LARGEST_CHARACTERS = 8 * 1024 * 1024
PARSE_SECONDS = 5.0
_SEARCH_SECONDS = 5.0
_CLASSES = frozenset({"class", "interface", "struct", "trait"})
_CPP_IN_A_HEADER = re.compile(r"(?m)^\s*(class\s+\w|namespace\b|template\s*<|using\s+\w|public:|private:)|::\w")
_WORDS_OF_ERRORS = 8


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """An analysis, and the tree it was made of, for those who go on from there.

    A tree stays in the process it was made in; what our rules found in one that was made elsewhere is in `rules`.
    """

    analysis: StaticAnalysis
    language: Language | None
    syntax: Syntax | None
    rules: Found | None = None


def analyse(code: str, path: str | None = None, language_word: str | None = None) -> Looked:
    """Look at a text; whatever it is, the answer is whole and says what could not be done."""
    language = language_of(language_word, path, code)
    places = Places(code.encode("utf-8", "replace"))
    reason = _reason_not_to(code, language, language_word)
    syntax = None
    if reason is None:
        syntax = parse(code, language, limit_seconds=PARSE_SECONDS)
        if syntax is None:
            reason = f"parsing was given up after {PARSE_SECONDS:.0f} seconds"
        elif is_too_deep(syntax):
            syntax, reason = None, f"it is nested more than {DEEPEST} deep"
    if syntax is None:
        analysis = _without_tree(places, language, reason or "")
        return Looked(analysis=analysis, language=language, syntax=None)
    syntax = _as_cpp(syntax, path) or syntax
    return Looked(analysis=_with_tree(syntax, places, path, language_word), language=syntax.language, syntax=syntax)


def unseen(code: str, path: str | None, language_word: str | None, reason: str) -> Looked:
    """Say that a text was not looked at, and why."""
    language = language_of(language_word, path, code)
    places = Places(code.encode("utf-8", "replace"))
    return Looked(analysis=_without_tree(places, language, reason), language=language, syntax=None)


def _reason_not_to(code: str, language: Language | None, word: str | None) -> str | None:
    if word and language_named(word) is None and language is None:
        return f"the language {word!r} is not known here"
    if language is None:
        return "neither the path nor the text tells the language"
    if len(code) > LARGEST_CHARACTERS:
        return f"the text has {len(code)} characters; those of more than {LARGEST_CHARACTERS} are not parsed"
    if grammar_of(language) is None:
        return f"there is no grammar for {language.name} here"
    return None


def _as_cpp(syntax: Syntax, path: str | None) -> Syntax | None:
    """Read a header again as C++, if it looks like it and C does not explain it."""
    is_header = syntax.language.name == "c" and path is not None and path.endswith(".h")
    if not is_header or not syntax.root.has_error or not _CPP_IN_A_HEADER.search(syntax.text):
        return None
    return parse(syntax.text, language_named("cpp"), limit_seconds=PARSE_SECONDS)


def _without_tree(places: Places, language: Language | None, reason: str) -> StaticAnalysis:
    counts = count_lines_without_tree(places, language)
    return StaticAnalysis(
        language=language.name if language is not None else None,
        parse=Parse(ok=False, reason=reason),
        metrics=_metrics(counts, [], [], places),
    )


def _with_tree(syntax: Syntax, places: Places, path: str | None, word: str | None) -> StaticAnalysis:
    faults = faults_of(syntax, places, limit_seconds=_SEARCH_SECONDS)
    belief = believed(faults.errors, syntax, places, path)
    marks = marks_of(syntax, limit_seconds=_SEARCH_SECONDS)
    units = units_of(marks.marks, syntax)
    outline = outline_of(marks.marks, units, syntax, places)
    notes = [*_notes(marks, outline, syntax.text), *([belief.note] if belief.note else [])]
    if faults.more:
        notes.append(f"there are more errors than the first {len(faults.errors)}")
    if word and len(belief.errors) >= _WORDS_OF_ERRORS:
        notes.extend(_other_language(syntax))
    return StaticAnalysis(
        language=syntax.language.name,
        parse=Parse(ok=not belief.errors, errors=belief.errors),
        metrics=_metrics(count_lines(marks.marks, places), list(units.values()), outline.symbols, places),
        symbols=outline.symbols,
        notes=tuple(notes),
    )


def _notes(marks: Marks, outline: Outline, text: str) -> list[str]:
    notes: list[str] = []
    if marks.is_cut:
        notes.append("the text is too large to be looked through whole: symbols and figures are of its beginning")
    if outline.count > MOST_SYMBOLS:
        notes.append(f"the first {MOST_SYMBOLS} of {outline.count} symbols are listed")
    if "\0" in text:
        notes.append(f"there are {text.count(chr(0))} NUL bytes in it, which no source code has")
    return notes


def _other_language(syntax: Syntax) -> list[str]:
    """Say that a text may be of another language than was said."""
    other = language_of_text(syntax.text)
    if other is None or other.name == syntax.language.name:
        return []
    return [f"it was read as {syntax.language.name}, but looks like {other.name}"]


def _metrics(
    counts: LineCounts, units: list[Unit], symbols: list[Symbol] | tuple[Symbol, ...], places: Places
) -> Metrics:
    complexities = [unit.complexity for unit in units]
    return Metrics(
        lines=counts.lines,
        code_lines=counts.code,
        comment_lines=counts.comment,
        blank_lines=counts.blank,
        functions=len(units),
        classes=sum(symbol.kind in _CLASSES for symbol in symbols),
        max_complexity=max(complexities, default=0),
        mean_complexity=round(sum(complexities) / len(complexities), 2) if complexities else 0.0,
        max_cognitive_complexity=max((unit.cognitive for unit in units), default=0),
        max_nesting=max((unit.max_nesting for unit in units), default=0),
        longest_function=max((lines_of(unit, places) for unit in units), default=0),
    )
