"""Code as a model writes it: taken out of its fence, and fitted into the place it is for."""

import re
import textwrap

from andiron_daemon.assist.context import indentation
from andiron_daemon.assist.subject import Subject
from andiron_daemon.syntax.languages import Language
from andiron_daemon.syntax.scan import OPENERS, scan

_FENCE = re.compile(r"^[ \t]*(`{3,})[^`\n]*\n(.*?)(?:^[ \t]*\1`*[ \t]*$|\Z)", re.DOTALL | re.MULTILINE)
_LEADING_SPACES = re.compile(r"^(?:    )+", re.MULTILINE)
_LINE_END = re.compile(r"\r\n|\r|\n")


def code_in(answer: str) -> str:
    """Return the largest fenced block of an answer, or the whole answer where nothing is fenced."""
    blocks = [match[2] for match in _FENCE.finditer(answer)]
    code = max(blocks, key=len) if blocks else answer
    return code.strip("\n")


def closed(answer: str, language: Language) -> str:
    """Close the brackets that are open where the code of an answer was cut."""
    opened = scan(code_in(answer), language).opened
    closers = "".join(OPENERS[sign] for sign in reversed(opened))
    return f"{answer.rstrip()}\n{closers}\n" if closers else answer


def fitted(subject: Subject, code: str) -> str:
    """Put code in the place of the stretch: with its indentation, its tabs and its line ends; return the whole text."""
    code = _LINE_END.sub("\n", textwrap.dedent(code)).strip()
    focus = subject.focus
    if "\n\t" in focus and "\t" not in code:
        code = _LEADING_SPACES.sub(lambda match: "\t" * (len(match[0]) // 4), code)
    indented = textwrap.indent(code, indentation(subject)).lstrip() if indentation(subject) else code
    whole = indented.replace("\n", line_end_of(subject.text))
    return subject.text[: subject.start] + whole + subject.text[subject.end :]


def line_end_of(text: str) -> str:
    """Return the line end a text uses first."""
    match = _LINE_END.search(text)
    return match[0] if match else "\n"
