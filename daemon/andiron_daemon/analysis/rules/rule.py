"""A rule as its file says it: what it is called, what it means, what it looks for, and examples either way.

    ; id: NAME                  then severity, message, and one of when and near, each a line
    ; severity: warning
    ; message: ...
    ; when: REGEX               without a hit in the text there is nothing to look for
    ; near: REGEX               only in the statements around its hits is the tree looked at
    ;;; query java csharp       tree-sitter patterns for these languages; @report is what is shown
    (...) @report
    ;;; good java               an example without a finding
    ; code
    ;;; bad java                an example with findings, on exactly the lines marked by >
    ;> code

The examples are the rule's tests. Besides tree-sitter's own predicates there are those in `predicates.py`.
"""

import functools
import re
from importlib.resources import files
from typing import Literal, get_args

import msgspec

from andiron_daemon.analysis.types import Severity

Verdict = Literal["good", "bad"]
_HEADER = re.compile(r"^;;; (query|good|bad) ([\w ]+)$")
_FACT = re.compile(r"^; (id|severity|message|when|near): (.+)$")


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A text that the rule must, or must not, find something in; `lines` count from zero."""

    verdict: Verdict
    language: str
    code: str
    lines: tuple[int, ...] = ()


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule; `queries` are by language."""

    id: str
    severity: Severity
    message: str
    when: re.Pattern[bytes] | None = None
    near: re.Pattern[bytes] | None = None
    queries: dict[str, str]
    examples: tuple[Example, ...] = ()

    def __hash__(self) -> int:
        """Tell rules apart by their names."""
        return hash(self.id)


@functools.cache
def all_rules() -> tuple[Rule, ...]:
    """Read every rule there is, in the order of their names."""
    folder = files(__package__) / "catalogue"
    texts = {entry.name: entry.read_text(encoding="utf-8") for entry in folder.iterdir() if entry.name.endswith(".scm")}
    return tuple(read_rule(texts[name], name) for name in sorted(texts))


def read_rule(text: str, name: str) -> Rule:
    """Read one rule's file.

    Raises:
        ValueError: where the file is not as the head of this module says.
    """
    facts: dict[str, str] = {}
    queries: dict[str, str] = {}
    examples: list[Example] = []
    head, *sections = re.split(r"(?m)^(?=;;; )", text)
    for line in head.splitlines():
        match = _FACT.match(line)
        if match is None:
            raise ValueError(f"{name}: {line!r} is no fact of a rule")
        facts[match[1]] = match[2]
    for section in sections:
        header, _, body = section.partition("\n")
        match = _HEADER.match(header)
        if match is None:
            raise ValueError(f"{name}: {header!r} begins no section")
        for language in match[2].split():
            if match[1] == "query":
                queries[language] = queries.get(language, "") + body
            else:
                examples.append(_example("good" if match[1] == "good" else "bad", language, body))
    return _rule(name, facts, queries, examples)


def _rule(name: str, facts: dict[str, str], queries: dict[str, str], examples: list[Example]) -> Rule:
    missing = {"id", "severity", "message"} - facts.keys()
    if missing or not queries:
        raise ValueError(f"{name}: {', '.join(sorted(missing)) or 'a query'} is missing")
    severity = next((word for word in get_args(Severity) if word == facts["severity"]), None)
    if severity is None:
        raise ValueError(f"{name}: there is no severity {facts['severity']!r}")
    return Rule(
        id=facts["id"],
        severity=severity,
        message=facts["message"],
        when=re.compile(facts["when"].encode()) if "when" in facts else None,
        near=re.compile(facts["near"].encode()) if "near" in facts else None,
        queries=queries,
        examples=tuple(examples),
    )


def _example(verdict: Verdict, language: str, body: str) -> Example:
    lines = body.rstrip("\n").split("\n")
    marked = tuple(number for number, line in enumerate(lines) if line.startswith(";>"))
    code = "\n".join(line[2:].removeprefix(" ") for line in lines) + "\n"
    return Example(verdict=verdict, language=language, code=code, lines=marked)
