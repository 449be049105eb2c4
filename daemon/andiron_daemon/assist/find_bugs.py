"""`find-bugs`: what linters and rules found, at once, and what the model would write differently.

A model's finding must survive the static checks (`findings`), and the model must have been sure enough of the
first token it wrote differently; where a backend tells no probabilities, the finding's confidence is low. (To ask
a model afterwards which version is right was tried: small ones like whichever stands first.)
The words of a linter stay the linter's; the model may explain them.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Literal

import msgspec

from andiron_daemon.analysis.types import Diagnostic, Severity
from andiron_daemon.answers import Started, TextDelta, estimate_tokens
from andiron_daemon.assist.asking import SECRET, Asking, is_unavailable, unavailable
from andiron_daemon.assist.context import Shown, fenced, show
from andiron_daemon.assist.findings import Finding, Findings, findings_in, is_claim_refuted, range_of
from andiron_daemon.assist.instructions import AssistInstructions, fill
from andiron_daemon.assist.linting import Lint
from andiron_daemon.assist.subject import Subject
from andiron_daemon.assist.types import Bug, BugReport, BugReportStart, Category, Confidence, Unavailable
from andiron_daemon.assist.written import code_in
from andiron_daemon.positions import Range, position_after, split_lines
from andiron_models.errors import ModelError
from andiron_models.types import FinishReason, Message

FindBugsEvent = BugReportStart | Started | TextDelta | BugReport

_log = logging.getLogger(__name__)
_OWN_RULES = "andiron"
_MOST_ANSWER_TOKENS = 2048
_LEAST_ANSWER_TOKENS = 128
_LEAST_SURENESS = 0.5
_SURE = 0.9
_TOKENS_OF_A_REASON = 160
_MOST_EXPLAINED = 3
# What is unused does no harm yet.
_TIDINESS = frozenset({"F401", "F811", "F841", "no-unused-vars", "eslint(no-unused-vars)"})
_SECURITY = ("secret", "sql", "eval", "shell", "deserial", "injection", "password", "S1", "S2", "S3", "S4", "S5", "S6")


class _Reason(msgspec.Struct, frozen=True, kw_only=True):
    title: str
    explanation: str
    category: Category
    severity: Literal["error", "warning", "info"]


class _Said(msgspec.Struct):
    """What the model has found so far, and why it may have stopped."""

    bugs: list[Bug] = msgspec.field(default_factory=list)
    dropped: Counter[str] = msgspec.field(default_factory=Counter)
    unavailable: Unavailable | None = None
    shown: Shown | None = None
    reason: FinishReason = "stop"


async def find_bugs(
    subject: Subject, asking: Asking, instructions: AssistInstructions, lint: Lint
) -> AsyncGenerator[FindBugsEvent, None]:
    """Look for bugs in the stretch; without the model, tell what linters and rules found, and what is missing.

    Raises:
        ModelError: if the request itself is refused, as for an unknown model.
    """
    linted = await lint(subject.text, subject.path, subject.language, subject.syntax)
    last = position_after(subject.text).line
    found = [_bug_of(one) for one in linted.diagnostics if _is_meant(subject, one) and one.range.end.line <= last]
    language = subject.language.name
    yield BugReportStart(language=language, bugs=tuple(found), linters=linted.linters)
    said = _Said()
    if subject.is_secret:
        said.unavailable = SECRET
    elif subject.has_code:
        async with aclosing(_ask(subject, found, asking, instructions, said)) as events:
            async for event in events:
                yield event
    yield BugReport(
        language=language,
        bugs=tuple(_merged(found, said.bugs)),
        linters=linted.linters,
        dropped=dict(said.dropped),
        unavailable=said.unavailable,
        **asking.how_it_came(said.shown.truncated if said.shown else None, reason=said.reason),
    )


async def _ask(
    subject: Subject, found: list[Bug], asking: Asking, instructions: AssistInstructions, said: _Said
) -> AsyncGenerator[Started, None]:
    """Have the model look, and put what it says in `said`; one that cannot be asked leaves what was said so far."""
    try:
        max_tokens = asking.answer_tokens(
            min(_MOST_ANSWER_TOKENS, max(_LEAST_ANSWER_TOKENS, int(1.3 * estimate_tokens(subject.focus))))
        )
        shown = said.shown = await asyncio.to_thread(show, subject, await asking.prompt_characters(max_tokens))
        answer = ""
        messages = _messages(subject, shown, instructions)
        async with aclosing(asking.stream(messages, max_tokens=max_tokens, has_doubts=True)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Started):
                    yield piece
                else:
                    answer += piece
        said.reason = asking.last_reason
        begin, findings = await asyncio.to_thread(
            compared, subject, shown, answer, was_cut=said.reason == "length", has_checks=asking.has_checks
        )
        said.dropped.update(findings.dropped)
        held = [(finding, asking.sureness(begin + finding.written_at)) for finding in findings.kept]
        for finding, sureness in held:
            await _judge(subject, finding, sureness, asking, instructions, said)
        await _explain(subject, found, asking, instructions)
    except ModelError as error:
        if not is_unavailable(error):
            raise
        said.unavailable = unavailable(error)


def compared(
    subject: Subject, shown: Shown, answer: str, *, was_cut: bool, has_checks: bool = True
) -> tuple[int, Findings]:
    """Find what an answer has differently, and where its code begins; of one that was cut whole lines count."""
    code, lines = code_in(answer), shown.lines
    if was_cut:
        whole = code.split("\n")[:-1]
        code, lines = "\n".join(whole), lines[: len(whole)]
    begin = answer.find(code) if code else 0
    return begin, findings_in(subject, lines, code, has_checks=has_checks)


async def _judge(
    subject: Subject,
    finding: Finding,
    sureness: float | None,
    asking: Asking,
    instructions: AssistInstructions,
    said: _Said,
) -> None:
    """Keep a finding if the model was sure enough when it wrote it, and its reason is not refuted."""
    _log.debug("%r instead of %r: %s sure", finding.fixed, finding.line, sureness)
    if asking.has_checks and sureness is not None and sureness < _LEAST_SURENESS:
        said.dropped["unsure"] += 1
        return
    reason = await _reason(
        subject, finding.line, f"should be\n{fenced(finding.fixed)}", said.shown, asking, instructions
    )
    claim = f"{reason.title} {reason.explanation}" if reason is not None else ""
    if asking.has_checks and is_claim_refuted(subject, finding, claim):
        said.dropped["refuted"] += 1
        return
    said.bugs.append(
        Bug(
            range=range_of(subject, finding),
            severity=reason.severity if reason is not None else "warning",
            category=reason.category if reason is not None else "other",
            title=_short(reason.title) if reason is not None and reason.title.strip() else "Probably wrong",
            explanation=reason.explanation.strip() if reason is not None else "",
            source="model",
            confidence="medium" if sureness is not None and sureness >= _SURE else "low",
            suggestion=finding.fixed.strip(),
        )
    )


async def _reason(
    subject: Subject, line: str, claim: str, shown: Shown | None, asking: Asking, instructions: AssistInstructions
) -> _Reason | None:
    content = fill(
        instructions.explain_finding,
        language=subject.language.name,
        code=fenced(shown.code if shown is not None else "", subject.language.name),
        line=fenced(line),
        claim=claim,
    )
    messages = (Message(role="system", content=instructions.system), Message(role="user", content=content))
    reason = await asking.told(messages, _Reason, max_tokens=_TOKENS_OF_A_REASON)
    if reason is None:
        return None
    asked = instructions.explain_finding
    title, explanation = ("" if _is_echo(text, asked) else text for text in (reason.title, reason.explanation))
    return msgspec.structs.replace(reason, title=title, explanation=explanation)


def _is_echo(text: str, asked: str) -> bool:
    """Tell whether a model only gives back the words it was asked with, as very small ones do."""
    words = " ".join(text.lower().split()).strip(" .")
    return " " in words and words in " ".join(asked.lower().split())


async def _explain(subject: Subject, found: list[Bug], asking: Asking, instructions: AssistInstructions) -> None:
    """Have the model explain the first of the linters' errors; place, title and severity stay theirs."""
    shown = await asyncio.to_thread(show, subject, await asking.prompt_characters(_TOKENS_OF_A_REASON))
    worst = [index for index, bug in enumerate(found) if bug.severity == "error"][:_MOST_EXPLAINED]
    for index in worst:
        bug = found[index]
        line = split_lines(subject.text)[bug.range.start.line].strip()
        reason = await _reason(subject, line, f"was reported: {bug.title}", shown, asking, instructions)
        if reason is not None and reason.explanation.strip():
            text = f"{bug.explanation}\n\n{reason.explanation.strip()}"
            found[index] = msgspec.structs.replace(bug, explanation=text)


def _messages(subject: Subject, shown: Shown, instructions: AssistInstructions) -> tuple[Message, ...]:
    related = f"What is around it, for reference only:\n{fenced(shown.related)}" if shown.related else ""
    content = fill(
        instructions.find_bugs,
        language=subject.language.name,
        related=related,
        code=fenced(shown.code, subject.language.name),
    )
    return (Message(role="system", content=instructions.system), Message(role="user", content=content))


def _is_meant(subject: Subject, diagnostic: Diagnostic) -> bool:
    """Tell whether a diagnostic is about a bug, not about style, and in the stretch that is meant."""
    if diagnostic.severity not in ("error", "warning") or diagnostic.rule in _TIDINESS:
        return False
    if not subject.has_selection:
        return True
    first, last = diagnostic.range.start, diagnostic.range.end
    around = subject.range_of(subject.start, subject.end)
    return first.line <= around.end.line and last.line >= around.start.line


def _bug_of(diagnostic: Diagnostic) -> Bug:
    is_own = diagnostic.source == _OWN_RULES
    word = f"{diagnostic.rule} {diagnostic.message}".lower()
    is_security = any(sign.lower() in word for sign in _SECURITY[:7]) or diagnostic.rule.startswith(_SECURITY[7:])
    confidence: Confidence = "high" if diagnostic.severity == "error" else "medium"
    fix = diagnostic.fix[0].new_text.strip() if diagnostic.fix is not None and len(diagnostic.fix) == 1 else ""
    return Bug(
        range=diagnostic.range,
        severity=diagnostic.severity,
        category="security" if is_security else "other",
        title=_short(diagnostic.message),
        explanation=diagnostic.message,
        source=f"rule:{diagnostic.rule}" if is_own else f"linter:{diagnostic.source}",
        confidence=confidence,
        suggestion=fix or None,
        url=diagnostic.url,
    )


def _merged(found: list[Bug], said: list[Bug]) -> list[Bug]:
    """Put all in order; what a linter says of the same lines comes before what the model says."""
    severities: tuple[Severity, ...] = ("error", "warning", "info", "hint")
    bugs = [*found, *(bug for bug in said if not any(_overlap(bug.range, other.range) for other in found))]
    unique = {(bug.range, bug.source, bug.title): bug for bug in bugs}
    return sorted(
        unique.values(),
        key=lambda bug: (bug.range.start.line, bug.range.start.character, severities.index(bug.severity), bug.source),
    )


def _overlap(one: Range, other: Range) -> bool:
    return one.start.line <= other.end.line and other.start.line <= one.end.line


def _short(text: str) -> str:
    line = text.strip().partition("\n")[0]
    return line if len(line) <= 120 else line[:119] + "…"
