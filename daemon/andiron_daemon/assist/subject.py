"""What an assist works on: a text, its tree, and the stretch of it that is meant.

A selection is taken as it stands, less the blanks around it; a cursor without extent means the definition around
it; nothing means the whole text.
"""

import asyncio
from typing import TYPE_CHECKING

import msgspec

from andiron_daemon.analysis.types import ParseError
from andiron_daemon.assist.definitions import Definition, definitions_of, enclosing, identifiers_in
from andiron_daemon.assist.types import AssistInput
from andiron_daemon.completion.secrets import is_secret
from andiron_daemon.errors import InvalidRequestError, PayloadTooLargeError, UnsupportedLanguageError
from andiron_daemon.positions import Position, Range, offset_of, position_after
from andiron_daemon.syntax.languages import LANGUAGES, Language, language_named, language_of
from andiron_daemon.syntax.parse import Syntax, parse

if TYPE_CHECKING:
    import tree_sitter

LARGEST_CHARACTERS = 1_000_000
_PARSE_SECONDS = 5.0
_ERRORS_SHOWN = 20


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """A text and the stretch from `start` to `end` that is meant, in characters."""

    text: str
    path: str | None
    language: Language
    syntax: Syntax
    definitions: tuple[Definition, ...]
    start: int
    end: int
    has_selection: bool = False
    is_secret: bool = False

    @property
    def focus(self) -> str:
        """The stretch itself."""
        return self.text[self.start : self.end]

    @property
    def enclosing(self) -> Definition | None:
        """The smallest function or class around the stretch."""
        return enclosing(self.definitions, self.start, self.end)

    @property
    def focused(self) -> tuple[Definition, ...]:
        """The definitions within the stretch, else the one around it."""
        inside = tuple(one for one in self.definitions if self.start <= one.name_start < self.end)
        around = self.enclosing
        return inside or ((around,) if around is not None else ())

    @property
    def has_code(self) -> bool:
        """Whether the stretch holds anything but comments and blanks."""
        return has_code(self.syntax, self.start, self.end)

    def range_of(self, start: int, end: int) -> Range:
        """Return a stretch as editors count."""
        first = position_after(self.text[:start])
        rest = position_after(self.text[start:end])
        character = first.character + rest.character if rest.line == 0 else rest.character
        return Range(first, Position(first.line + rest.line, character))

    def names_in(self, start: int, end: int) -> set[str]:
        """Name what a stretch mentions outside comments and strings."""
        return identifiers_in(self.syntax, start, end)


async def read_subject(request: AssistInput) -> Subject:
    """Parse what was sent, off the event loop where it is large.

    Raises:
        InvalidRequestError: for an empty text, or a selection that is not in it.
        UnsupportedLanguageError: for a language nobody knows here.
        PayloadTooLargeError: for more text than an assist can be about.
    """
    if len(request.code) > LARGEST_CHARACTERS:
        raise PayloadTooLargeError(
            f"the code has {len(request.code)} characters, more than {LARGEST_CHARACTERS}",
            hint="Send the part you mean.",
            details={"field": "code", "limit_characters": LARGEST_CHARACTERS},
        )
    return await asyncio.to_thread(_read, request)


def _read(request: AssistInput) -> Subject:
    text = request.code
    if not text.strip():
        raise InvalidRequestError("the code is empty", hint="Send the text of a file.", details={"field": "code"})
    language = _language(request)
    syntax = parse(text, language, limit_seconds=_PARSE_SECONDS)
    if syntax is None:
        raise UnsupportedLanguageError(
            f"the text cannot be parsed as {language.name} in {_PARSE_SECONDS:.0f} s",
            hint="Send the part you mean, or the right language.",
            details={"language": language.name},
        )
    definitions = definitions_of(syntax)
    start, end = _meant(request.selection, text, definitions)
    return Subject(
        text=text,
        path=request.path,
        language=language,
        syntax=syntax,
        definitions=definitions,
        start=start,
        end=end,
        has_selection=request.selection is not None,
        is_secret=is_secret(request.path or "", text),
    )


def _language(request: AssistInput) -> Language:
    if request.language is not None and language_named(request.language) is None:
        raise _unknown(f"the language {request.language!r} is not known", request)
    language = language_of(request.language, request.path, request.code)
    if language is None or language.grammar is None:
        raise _unknown("the language of the code cannot be told", request)
    return language


def _unknown(message: str, request: AssistInput) -> UnsupportedLanguageError:
    names = ", ".join(row.name for row in LANGUAGES)
    details = {"field": "language", "path": request.path}
    return UnsupportedLanguageError(message, hint=f"The languages are: {names}.", details=details)


def _meant(selection: Range | None, text: str, definitions: tuple[Definition, ...]) -> tuple[int, int]:
    """Find the stretch that is meant, without the blanks around it."""
    if selection is None:
        start, end = 0, len(text)
    else:
        start, end = (offset_of(text, place, "selection") for place in (selection.start, selection.end))
        if end < start:
            raise InvalidRequestError(
                "the selection ends before it starts", hint="Send start and end in order.", details=_AT
            )
        around = enclosing(definitions, start, end)
        if start == end:
            start, end = (around.start, around.end) if around is not None else (0, len(text))
        elif not text[start:end].strip():
            raise InvalidRequestError("the selection holds nothing but blanks", hint="Mark some code.", details=_AT)
    part = text[start:end]
    return start + len(part) - len(part.lstrip()), end - len(part) + len(part.rstrip())


_AT = {"field": "selection"}


def has_code(syntax: Syntax, start: int, end: int) -> bool:
    """Tell whether a stretch holds anything but comments and blanks."""
    first, last = syntax.byte_of(start), syntax.byte_of(end)
    waiting = [syntax.root]
    while waiting:
        node = waiting.pop()
        if node.end_byte <= first or node.start_byte >= last or "comment" in node.type or node.type == "php_tag":
            continue
        if not node.children and syntax.text_of(node).strip():
            return True
        if node.type == "expression_statement" and _is_lone_string(node):
            continue
        waiting.extend(node.children)
    return False


def _is_lone_string(node: "tree_sitter.Node") -> bool:
    return [child.type for child in node.named_children] == ["string"]


def syntax_errors(syntax: Syntax, limit: int = _ERRORS_SHOWN) -> list[ParseError]:
    """List the places a tree cannot make sense of, at most `limit`."""
    found: list[ParseError] = []
    waiting = [syntax.root]
    while waiting and len(found) < limit:
        node = waiting.pop()
        if not node.has_error and not node.is_missing:
            continue
        if node.is_missing or node.type == "ERROR":
            start, end = syntax.character_of(node.start_byte), syntax.character_of(node.end_byte)
            shown = " ".join(syntax.text[start:end].split())[:60]
            message = f"{node.type!r} is missing" if node.is_missing else f"{shown!r} makes no sense here"
            at = Range(position_after(syntax.text[:start]), position_after(syntax.text[:end]))
            found.append(ParseError(range=at, message=message))
            continue
        waiting.extend(reversed(node.children))
    return found


def count_errors(syntax: Syntax) -> int:
    """Count the places a tree cannot make sense of, those within one another once."""
    return len(syntax_errors(syntax, 10_000))
