"""What a model is shown of a text: the stretch that is meant, what encloses it, who calls it and whom it calls.

Measured like the chat's prompts, in characters on the safe side. The stretch itself comes first; if even that
does not fit, whole lines are cut from its end and said. Everything is quoted in a fence nothing in it can close:
it is data, whatever it may say.
"""

import textwrap

import msgspec

from andiron_daemon.answers import all_truncated, estimate_tokens
from andiron_daemon.assist.definitions import Definition, full_name
from andiron_daemon.assist.subject import Subject
from andiron_daemon.chat.budget import size_of
from andiron_daemon.positions import split_lines
from andiron_daemon.syntax.scopes import import_lines
from andiron_models.types import Truncated

_MOST_RELATED = 8
_SHARE_OF_RELATED = 3


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """The quoted stretch, dedented; what belongs to it, as lines; and what did not fit."""

    code: str
    lines: tuple[str, ...]
    related: str
    truncated: Truncated | None = None


def show(subject: Subject, characters: int) -> Shown:
    """Choose what fits into a budget."""
    lines = split_lines(dedented(subject))
    kept: list[str] = []
    room = characters
    for line in lines:
        room -= size_of(line) + 1
        if room < 0:
            break
        kept.append(line)
    cut = None
    if len(kept) < len(lines):
        dropped = estimate_tokens("\n".join(lines[len(kept) :]))
        cut = Truncated(dropped_tokens=dropped, what=f"the code from line {_line(subject) + len(kept) + 1} on")
    related, left_out = _related(subject, min(room, characters // _SHARE_OF_RELATED) if cut is None else 0)
    return Shown(code="\n".join(kept), lines=tuple(kept), related=related, truncated=all_truncated(cut, left_out))


def dedented(subject: Subject) -> str:
    """Return the stretch without the indentation it has as a whole."""
    return textwrap.dedent(indentation(subject) + subject.focus)


def indentation(subject: Subject) -> str:
    """Return the blanks before the stretch, if nothing else stands before it in its line."""
    before = subject.text[: subject.start].rpartition("\n")[2].rpartition("\r")[2]
    return before if not before.strip() else ""


def fenced(text: str, language: str = "") -> str:
    """Quote a text in a fence that nothing in it can close."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text}\n{fence}"


def _line(subject: Subject) -> int:
    return subject.range_of(subject.start, subject.start).start.line


def _related(subject: Subject, characters: int) -> tuple[str, Truncated | None]:
    """Describe what stands around the stretch: imports, what encloses it, callees, callers."""
    if subject.start == 0 and subject.end >= len(subject.text.rstrip()):
        return "", None
    parts: list[str] = []
    left_out: list[str] = []
    room = characters
    for line in _facts(subject):
        cost = size_of(line) + 1
        if cost <= room:
            room -= cost
            parts.append(line)
        else:
            left_out.append(line)
    if not left_out:
        return "\n".join(parts), None
    dropped = sum(estimate_tokens(line) for line in left_out)
    return "\n".join(parts), Truncated(dropped_tokens=dropped, what=f"{len(left_out)} lines about what is around it")


def _facts(subject: Subject) -> list[str]:
    facts = [line for line in import_lines(subject.text, subject.syntax) if line not in subject.focus]
    around = [one for one in subject.definitions if one.start < subject.start and subject.end <= one.end]
    facts += [f"inside: {one.signature}" for one in around if one.kind != "value"]
    facts += [f"calls: {one.signature}" for one in callees(subject)[:_MOST_RELATED]]
    facts += [f"called by: {one.signature}" for one in callers(subject)[:_MOST_RELATED]]
    return facts


def callees(subject: Subject) -> list[Definition]:
    """List what the stretch uses of the rest of the file."""
    used = subject.names_in(subject.start, subject.end)
    return [one for one in subject.definitions if one.name in used and not _is_within(subject, one)]


def callers(subject: Subject) -> list[Definition]:
    """List the functions of the rest of the file that mention what the stretch defines."""
    names = {one.name for one in subject.focused}
    others = [one for one in subject.definitions if one.kind == "function" and not _is_within(subject, one)]
    return [one for one in others if names & subject.names_in(one.start, one.end)]


def _is_within(subject: Subject, one: Definition) -> bool:
    return one.start < subject.end and subject.start < one.end


def names_of(subject: Subject, found: tuple[Definition, ...]) -> tuple[str, ...]:
    """Return the full names of definitions, each once."""
    return tuple(dict.fromkeys(full_name(subject.definitions, one) for one in found))
