"""What goes into the assists and comes out of them; ranges are LSP's, in the text that was sent."""

from typing import Literal

import msgspec

from andiron_daemon.analysis.types import Edit, LinterRun, Severity, SymbolKind
from andiron_daemon.answers import Generated, StaticPart
from andiron_daemon.positions import Range

Category = Literal["logic", "boundary", "null", "type", "resource", "concurrency", "security", "performance", "other"]
Confidence = Literal["high", "medium", "low"]


class AssistInput(msgspec.Struct, frozen=True, kw_only=True):
    """A text to be worked on; `language` is else found from `path`, else from the text.

    `selection` is what is meant of it: a cursor without extent means the definition around it, none the whole.
    """

    code: str
    path: str | None = None
    language: str | None = None
    selection: Range | None = None
    backend: str | None = None
    model: str | None = None
    max_tokens: int | None = None


class ExplainInput(AssistInput, frozen=True, kw_only=True):
    """What is to be explained, with the question and the reader in mind."""

    question: str | None = None
    audience: str | None = None


class RefactorInput(AssistInput, frozen=True, kw_only=True):
    """What is to be written better; `instruction` says how."""

    instruction: str | None = None


class FindBugsInput(AssistInput, frozen=True, kw_only=True):
    """Where bugs are to be looked for."""


class GenerateTestsInput(AssistInput, frozen=True, kw_only=True):
    """What is to be tested; the framework is else the one the project of `path` uses."""

    framework: str | None = None


class Unavailable(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why the model's part is missing."""

    code: str
    message: str
    hint: str | None = None


class OutlineEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Something the text defines."""

    name: str
    kind: SymbolKind
    range: Range


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """What one part of the text does."""

    range: Range
    text: str


class ExplanationStart(StaticPart, frozen=True, kw_only=True):
    """What is known before the model speaks: the language, what is defined, and what each part is."""

    language: str
    summary: str
    symbols: tuple[OutlineEntry, ...]
    sections: tuple[Section, ...]


class Explanation(Generated, frozen=True, kw_only=True, omit_defaults=True):
    """What the code does; without the model, what the parse tells, and `unavailable` says why."""

    language: str
    summary: str
    explanation: str
    sections: tuple[Section, ...]
    symbols: tuple[OutlineEntry, ...]
    unavailable: Unavailable | None = None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was changed, and the reason."""

    title: str
    why: str


class RefactoringStart(StaticPart, frozen=True, kw_only=True):
    """What is about to be rewritten, and which names must stay."""

    language: str
    range: Range
    keeps: tuple[str, ...]


class Refactoring(Generated, frozen=True, kw_only=True):
    """The whole text with the better code in it; `edits` applied to what was sent give exactly `code`."""

    language: str
    code: str
    diff: str
    changes: tuple[Change, ...]
    parses: bool
    edits: tuple[Edit, ...]
    repaired: bool = False


class Bug(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that is probably wrong; `source` is `linter:NAME`, `rule:NAME` or `model`."""

    range: Range
    severity: Severity
    category: str
    title: str
    explanation: str
    source: str
    confidence: Confidence
    suggestion: str | None = None
    url: str | None = None


class BugReportStart(StaticPart, frozen=True, kw_only=True):
    """What linters and rules found, before the model speaks."""

    language: str
    bugs: tuple[Bug, ...]
    linters: tuple[LinterRun, ...]


class BugReport(Generated, frozen=True, kw_only=True, omit_defaults=True):
    """What is probably wrong, from every source; `dropped` counts what the model said and a check refuted."""

    language: str
    bugs: tuple[Bug, ...]
    linters: tuple[LinterRun, ...]
    dropped: dict[str, int]
    unavailable: Unavailable | None = None


class GeneratedTestsStart(StaticPart, frozen=True, kw_only=True):
    """For which framework tests are about to be written, of what, and where they belong."""

    language: str
    framework: str
    path: str
    symbols: tuple[str, ...]


class GeneratedTests(Generated, frozen=True, kw_only=True):
    """Tests that parse; `covers` names what they really mention, `path` is where they belong by convention.

    `unconfirmed` names tests whose values the model was not sure of when it wrote them.
    """

    language: str
    tests: str
    framework: str
    path: str
    parses: bool
    covers: tuple[str, ...]
    repaired: bool = False
    unconfirmed: tuple[str, ...] = ()
