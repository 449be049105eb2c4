"""Text put into files of lines: a marked block of our own, or variables of an environment file."""

import re
from collections.abc import Mapping


def with_block(text: str, block: str, comment: str) -> str:
    """Put a block at the end, in place of the one that was put there before; the rest stays as it is."""
    begin, end = f"{comment} >>> andiron >>>", f"{comment} <<< andiron <<<"
    ours = f"{begin}\n{block.rstrip()}\n{end}\n"
    earlier = re.compile(rf"^{re.escape(begin)}$.*?^{re.escape(end)}$\n?", re.MULTILINE | re.DOTALL)
    if earlier.search(text):
        return earlier.sub(lambda _: ours, text, count=1)
    if text and not text.endswith("\n"):
        text += "\n"
    return f"{text}\n{ours}" if text else ours


def with_variables(text: str, variables: Mapping[str, str]) -> str:
    """Set variables in an environment file, each where it stands already, else at the end."""
    for name, value in variables.items():
        there = re.compile(rf"^[ \t]*(export[ \t]+)?{re.escape(name)}[ \t]*=.*$", re.MULTILINE)
        found = there.search(text)
        if found is not None:
            text = f"{text[: found.start()]}{found[1] or ''}{name}={value}{text[found.end() :]}"
        else:
            end = "" if not text or text.endswith("\n") else "\n"
            text = f"{text}{end}{name}={value}\n"
    return text
