"""Bugs as a model finds them: it writes the code again, and what it wrote differently is looked at.

Small models rewrite code far better than they report on it, and a difference has its place and its quotation
by itself. What a static check can refute is dropped, with the reason counted.
"""

import builtins
import difflib
import re
from collections import Counter

import msgspec

from andiron_daemon.assist.definitions import definitions_of, exported_names, identifiers_in
from andiron_daemon.assist.subject import Subject, count_errors
from andiron_daemon.positions import Range
from andiron_daemon.syntax.parse import Syntax, parse

_PARSE_SECONDS = 5.0
_LONGEST_LINES = 3
_MOST_FINDINGS = 4
_SHARE_REWRITTEN = 3
_LINE = re.compile(r"[^\n]+")
_STRING = re.compile(r"string|char_literal")
_NO_SUCH_NAME = re.compile(
    r"(?:undefined|not defined|undeclared|not imported|missing import|unknown name|NameError|ReferenceError)",
    re.IGNORECASE,
)
_NO_SYNTAX = re.compile(
    r"syntax error|SyntaxError|does not parse|missing (?:colon|parenthes|bracket|semicolon)", re.IGNORECASE
)
_QUOTED = re.compile(r"[`'\"](\w+)[`'\"]")


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Lines from `start` to `end` of the text, in characters, and what should stand there instead.

    `written_at` is where, in what the model wrote, it began to differ.
    """

    start: int
    end: int
    line: str
    fixed: str
    written_at: int


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """What no check refuted, and how often which check did."""

    kept: tuple[Finding, ...]
    dropped: Counter[str]


def findings_in(subject: Subject, shown: tuple[str, ...], rewritten: str, *, has_checks: bool = True) -> Findings:
    """Compare the lines a model was shown with what it wrote of them."""
    dropped: Counter[str] = Counter()
    offsets = _offsets(subject, len(shown))
    written = [match for match in _LINE.finditer(rewritten) if match[0].strip()]
    after = [match[0] for match in written]
    before = [(number, line) for number, line in enumerate(shown) if line.strip()]
    matcher = difflib.SequenceMatcher(
        None, [_bare(line) for _, line in before], [_bare(line) for line in after], autojunk=False
    )
    changes = [code for code in matcher.get_opcodes() if code[0] != "equal"]
    changed = sum(max(last - first, new_last - new_first) for _, first, last, new_first, new_last in changes)
    if has_checks and changed * _SHARE_REWRITTEN > max(len(before), 2 * _SHARE_REWRITTEN):
        dropped["rewritten"] += len(changes)
        return Findings(kept=(), dropped=dropped)
    kept: list[Finding] = []
    for _, first, last, new_first, new_last in changes:
        numbers = [number for number, _ in before[first:last]]
        new_lines = after[new_first:new_last]
        if not numbers or (has_checks and max(len(numbers), len(new_lines)) > _LONGEST_LINES):
            dropped["not_a_line"] += 1
            continue
        place = written[new_first].start() if new_first < len(written) else len(rewritten)
        finding = _finding(shown, offsets, (numbers[0], numbers[-1]), new_lines, place)
        reason = _refuted(subject, finding) if has_checks else None
        if reason is None and len(kept) == _MOST_FINDINGS:
            reason = "too_many"
        if reason is None:
            kept.append(finding)
        else:
            dropped[reason] += 1
    return Findings(kept=tuple(kept), dropped=dropped)


def range_of(subject: Subject, finding: Finding) -> Range:
    """Return where a finding is."""
    return subject.range_of(finding.start, finding.end)


def is_claim_refuted(subject: Subject, finding: Finding, claim: str) -> bool:
    """Tell whether the parse shows that what is claimed is not so."""
    if _NO_SYNTAX.search(claim) and count_errors(subject.syntax) == 0:
        return True
    if not _NO_SUCH_NAME.search(claim):
        return False
    names = {name for name in _QUOTED.findall(claim) if name in finding.line}
    return bool(names) and all(_is_bound(subject, name) for name in names)


def _is_bound(subject: Subject, name: str) -> bool:
    """Tell whether a name is given a meaning anywhere in the text, or by the language."""
    if hasattr(builtins, name) and subject.language.name == "python":
        return True
    if any(one.name == name for one in subject.definitions):
        return True
    pattern = (
        rf"(?:\b(?:import|for|as|with|let|var|const|catch|func|fn|def)\b[^\n]*\b{name}\b|\b{name}\b\s*(?::=|=(?!=)|:))"
    )
    if re.search(pattern, subject.text):
        return True
    return any(re.search(rf"\(.*\b{name}\b", one.signature) for one in subject.definitions)


def _offsets(subject: Subject, count: int) -> list[tuple[int, int]]:
    """Say where each shown line is in the text, without the blanks around it."""
    found: list[tuple[int, int]] = []
    position = subject.start
    for match in re.finditer(r"([^\r\n]*)(\r\n|\n|\r|\Z)", subject.text[subject.start : subject.end]):
        line = match[1]
        start = position + match.start() + len(line) - len(line.lstrip())
        found.append((start, max(start, position + match.start() + len(line.rstrip()))))
        if len(found) == count:
            break
    return found


def _finding(
    shown: tuple[str, ...],
    offsets: list[tuple[int, int]],
    numbers: tuple[int, int],
    new_lines: list[str],
    place: int,
) -> Finding:
    first, last = numbers
    line, fixed = "\n".join(shown[first : last + 1]), "\n".join(new_lines)
    start, end = offsets[first][0], offsets[last][1]
    return Finding(
        start=start,
        end=end,
        line=line,
        fixed=fixed,
        written_at=place + _shared(line, fixed),
    )


def _shared(line: str, other: str) -> int:
    """Count the characters two texts begin with in common."""
    pairs = zip(line, other, strict=False)
    return next((index for index, (one, two) in enumerate(pairs) if one != two), min(len(line), len(other)))


def _refuted(subject: Subject, finding: Finding) -> str | None:
    """Name the check that refutes a finding."""
    fixed = subject.text[: finding.start] + _inset(subject, finding) + subject.text[finding.end :]
    syntax = parse(fixed, subject.language, limit_seconds=_PARSE_SECONDS)
    if syntax is None or count_errors(syntax) > count_errors(subject.syntax):
        return "does_not_parse"
    if _tokens(syntax) == _tokens(subject.syntax):
        return "same_code"
    language = subject.language.name
    if exported_names(subject.definitions, language) - exported_names(definitions_of(syntax), language):
        return "renamed"
    if _has_unknown_names(subject, syntax):
        return "unknown_names"
    return None


def _inset(subject: Subject, finding: Finding) -> str:
    """Indent the mended lines as the lines they replace."""
    before = subject.text[: finding.start].rpartition("\n")[2]
    indentation = before if not before.strip() else ""
    lines = finding.fixed.split("\n")
    width = len(lines[0]) - len(lines[0].lstrip()) if lines else 0
    inset = [line[width:] if not line[:width].strip() else line.lstrip() for line in lines]
    return ("\n" + indentation).join(inset)


def _tokens(syntax: Syntax) -> list[str]:
    """List what a text consists of, without comments, documentation and the kind of quotes."""
    found: list[str] = []
    waiting = [syntax.root]
    while waiting:
        node = waiting.pop()
        if "comment" in node.type:
            continue
        if node.type == "expression_statement" and all(_STRING.search(child.type) for child in node.named_children):
            continue
        if not node.children:
            text = syntax.text_of(node).strip("'\"")
            if text.strip(",;"):
                found.append(text)
            continue
        waiting.extend(reversed(node.children))
    return found


def _has_unknown_names(subject: Subject, syntax: Syntax) -> bool:
    """Tell whether the mended code uses a name that nothing gives a meaning to; known of Python only."""
    if subject.language.name != "python":
        return False
    new = identifiers_in(syntax, 0, len(syntax.text)) - subject.names_in(0, len(subject.text))
    return any(
        not hasattr(builtins, name)
        and not re.search(rf"\.\s*{name}\b", syntax.text)
        and not re.search(rf"\b{name}\b\s*(?:=|:=|,|in\b)", syntax.text)
        for name in new
    )


def _bare(line: str) -> str:
    return "".join(line.split())
