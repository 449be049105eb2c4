"""Text that goes round in circles: found, and cut to where it has said it once."""

import re

# A short piece over and over, or a longer one several times, at the end of a line.
_LOOPS = (re.compile(r"(.{3,20}?)\1{5,}$"), re.compile(r"(.{10,80}?)\1{3,}$"))
_LOOKED_AT_CHARACTERS = 400
_ALIKE_LINES = 4
_FILL = re.compile(r"[\s\-=*#_~./\\|+0]*")


def repeats_itself(text: str) -> bool:
    """Tell whether the end of a text says the same again and again; rules of dashes and the like may."""
    return repetition_start(text) < len(text)


def repetition_start(text: str) -> int:
    """Say where the repetition at the end of a text begins, behind its first round; its length if there is none."""
    tail_start = max(text.rfind("\n") + 1, len(text) - _LOOKED_AT_CHARACTERS)
    tail = text[tail_start:]
    for loop in _LOOPS:
        match = loop.search(tail)
        if match is not None and not _FILL.fullmatch(match[1]):
            return tail_start + match.start() + len(match[1])
    return len(text)


def cut_repetitions(text: str) -> str:
    """Cut a text to where it begins to repeat itself, within a line or line by line."""
    text = text[: repetition_start(text)]
    lines = text.split("\n")
    for index in range(len(lines) - 1):
        line = lines[index].strip()
        if len(line) < 4:
            continue
        run = lines[index : index + _ALIKE_LINES]
        if len(run) == _ALIKE_LINES and all(other.strip() == line for other in run):
            return "\n".join(lines[: index + 1])
    return text
