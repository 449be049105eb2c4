"""Whether code a model wrote may be told: it parses no worse, keeps what others use, and leaves nothing out."""

import re

import msgspec

from andiron_daemon.analysis.types import ParseError
from andiron_daemon.assist.definitions import definitions_of, exported_names
from andiron_daemon.assist.subject import Subject, count_errors, has_code, syntax_errors
from andiron_daemon.errors import InvalidAnswerError
from andiron_daemon.positions import split_lines
from andiron_daemon.syntax.languages import Language
from andiron_daemon.syntax.parse import parse

_PARSE_SECONDS = 5.0
_MOST_NAMES = 12
# What models write in the place of code they are too lazy to repeat.
_LEFT_OUT = re.compile(
    r"^\s*(?:#|//|/\*|--)\s*(?:\.\.\.|…|(?:the )?(?:rest|remainder) of|(?:same as|remains?|unchanged|existing code)\b.*"
    r")",
    re.IGNORECASE | re.MULTILINE,
)


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One reason why written code is not told; `kind` is for programs."""

    kind: str
    message: str


def problems_of_rewrite(subject: Subject, text: str, end: int) -> list[Problem]:
    """Compare a text with the one it is to replace; the written stretch ends at `end`."""
    syntax = parse(text, subject.language, limit_seconds=_PARSE_SECONDS)
    if syntax is None:
        return [Problem(kind="not_parsed", message="the code takes too long to parse")]
    problems: list[Problem] = []
    if not has_code(syntax, subject.start, end):
        problems.append(Problem(kind="empty", message="there is no code in the answer"))
    if count_errors(syntax) > count_errors(subject.syntax):
        problems.append(_syntax_problem(text, syntax_errors(syntax)))
    else:
        kept = exported_names(definitions_of(syntax), subject.language.name)
        missing = sorted(exported_names(subject.definitions, subject.language.name) - kept)
        if missing:
            names = ", ".join(missing[:_MOST_NAMES])
            problems.append(Problem(kind="names_lost", message=f"these names are gone: {names}"))
    match = _LEFT_OUT.search(text, subject.start, end)
    if match is not None and match[0].strip() not in subject.text:
        problems.append(Problem(kind="left_out", message=f"code is left out at {match[0].strip()!r}"))
    return problems


def problems_of_code(code: str, language: Language) -> list[Problem]:
    """Look at code that stands for itself."""
    syntax = parse(code, language, limit_seconds=_PARSE_SECONDS)
    if syntax is None:
        return [Problem(kind="not_parsed", message="the code takes too long to parse")]
    if not has_code(syntax, 0, len(code)):
        return [Problem(kind="empty", message="there is no code in the answer")]
    errors = syntax_errors(syntax)
    return [_syntax_problem(code, errors)] if errors else []


def _syntax_problem(text: str, errors: list[ParseError]) -> Problem:
    first = errors[0]
    lines = split_lines(text)
    line = first.range.start.line
    shown = lines[line].strip()[:120] if line < len(lines) else ""
    return Problem(kind="syntax", message=f"line {line + 1}, {shown!r}, does not parse: {first.message}")


def not_valid(what: str, problems: list[Problem], *, was_cut: bool) -> InvalidAnswerError:
    """Make the error for code that was not mended in the round given for it."""
    hint = "Send a smaller selection, or ask a larger model."
    if was_cut:
        hint = "The answer was cut at its longest length: raise max_tokens, or send a smaller selection."
    reasons = "; ".join(problem.message for problem in problems)
    return InvalidAnswerError(
        f"the model wrote no {what} that could be taken: {reasons}",
        hint=hint,
        details={"problems": [msgspec.to_builtins(problem) for problem in problems], "parses": _parses(problems)},
    )


def _parses(problems: list[Problem]) -> bool:
    return not any(problem.kind in ("syntax", "not_parsed") for problem in problems)
