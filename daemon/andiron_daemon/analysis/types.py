"""What goes into the analysis and comes out of it; ranges are LSP's, half-open, in UTF-16 code units."""

from typing import Literal

import msgspec

from andiron_daemon.answers import Generated, StaticPart
from andiron_daemon.positions import Range
from andiron_models.types import Fallback, FinishReason, Timings, Truncated, Usage

Severity = Literal["error", "warning", "info", "hint"]
SymbolKind = Literal[
    "module",
    "namespace",
    "class",
    "interface",
    "struct",
    "enum",
    "trait",
    "type",
    "function",
    "method",
    "constructor",
    "property",
    "field",
    "constant",
    "variable",
    "section",
    "key",
    "element",
    "selector",
    "table",
]


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """Replace what lies in a range by a new text."""

    range: Range
    new_text: str


class ParseError(msgspec.Struct, frozen=True, kw_only=True):
    """A place the grammar cannot make sense of."""

    range: Range
    message: str


class Parse(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a text is well-formed; `reason` says why it could not be looked at, `ok` is then false."""

    ok: bool
    errors: tuple[ParseError, ...] = ()
    reason: str | None = None


class Symbol(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something with a name; `parent` is the index of the enclosing symbol in the same list."""

    name: str
    kind: SymbolKind
    range: Range
    selection_range: Range
    complexity: int | None = None
    cognitive_complexity: int | None = None
    max_nesting: int | None = None
    lines: int | None = None
    parameters: int | None = None
    parent: int | None = None


class Metrics(msgspec.Struct, frozen=True, kw_only=True):
    """A file in numbers; complexities are cyclomatic unless said otherwise, lengths in lines."""

    lines: int = 0
    code_lines: int = 0
    comment_lines: int = 0
    blank_lines: int = 0
    functions: int = 0
    classes: int = 0
    max_complexity: int = 0
    mean_complexity: float = 0.0
    max_cognitive_complexity: int = 0
    max_nesting: int = 0
    longest_function: int = 0


class Diagnostic(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something worth knowing about a place; `source` is a linter's name, `andiron` for our own rules."""

    source: str
    rule: str
    severity: Severity
    message: str
    range: Range
    fix: tuple[Edit, ...] | None = None
    url: str | None = None


class LinterRun(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one linter; `reason` says why it did not run, or failed."""

    name: str
    version: str | None = None
    ran: bool = False
    reason: str | None = None


class Insight(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something a model has to say about the whole."""

    title: str
    detail: str
    severity: Severity = "info"
    range: Range | None = None


class Linted(msgspec.Struct, frozen=True, kw_only=True):
    """What the linters and rules of a language found in one text, merged, sorted, without duplicates."""

    diagnostics: tuple[Diagnostic, ...] = ()
    linters: tuple[LinterRun, ...] = ()


class Insights(Generated, frozen=True, kw_only=True):
    """What a model has to say, and how that came about."""

    insights: tuple[Insight, ...] = ()


class Analysis(msgspec.Struct, frozen=True, kw_only=True):
    """The body of an analysis; `insights` is left out unless they were asked for.

    `notes` say what was left out, cut or not believed, and why. The fields behind them are those of every generated
    answer, and are there where a model told insights.
    """

    language: str | None
    parse: Parse
    metrics: Metrics
    symbols: tuple[Symbol, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    linters: tuple[LinterRun, ...] = ()
    insights: tuple[Insight, ...] | msgspec.UnsetType = msgspec.UNSET
    notes: tuple[str, ...] = ()
    backend: str | msgspec.UnsetType | None = msgspec.UNSET
    model: str | msgspec.UnsetType | None = msgspec.UNSET
    finish_reason: FinishReason | msgspec.UnsetType = msgspec.UNSET
    usage: Usage | msgspec.UnsetType = msgspec.UNSET
    timings: Timings | msgspec.UnsetType = msgspec.UNSET
    truncated: Truncated | msgspec.UnsetType = msgspec.UNSET
    fallback: Fallback | msgspec.UnsetType = msgspec.UNSET
    masked: int | msgspec.UnsetType = msgspec.UNSET
    withheld: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET


class StaticAnalysis(StaticPart, frozen=True, kw_only=True):
    """What is known of a text before linters and models had their say."""

    language: str | None
    parse: Parse
    metrics: Metrics
    symbols: tuple[Symbol, ...] = ()
    notes: tuple[str, ...] = ()


class AnalysisInput(msgspec.Struct, frozen=True, kw_only=True):
    """A text to be analysed; `language` is else found from `path`, else from the text.

    `backend` and `model` choose who is asked for insights.
    """

    code: str
    path: str | None = None
    language: str | None = None
    insights: bool = False
    backend: str | None = None
    model: str | None = None
