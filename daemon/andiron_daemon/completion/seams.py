"""Where a suggestion meets the text: blanks and line breaks on both sides."""

from andiron_daemon.completion.gap import Gap
from andiron_daemon.completion.multiline import opens_block
from andiron_daemon.syntax.languages import Language
from andiron_daemon.syntax.scopes import indentation_of, width_of

_HEADS = (":", "{", "(", "[")
_NEAR_LINES = 20


def mend_left(text: str, gap: Gap, language: Language | None) -> str:
    """Drop blanks the text before the cursor has already, and an empty first line on an empty line."""
    before = gap.line_before
    if not before.strip():
        lines_above, lines_below = _lines_around(gap)
        above = lines_above[-1] if lines_above else ""
        is_too_shallow = opens_block(above, language) and width_of(before) <= width_of(above)
        first = next((line for line in text.split("\n") if line.strip()), "")
        keeps_indentation = is_too_shallow or _is_on_its_way(before, first, lines_above, lines_below)
        return _on_empty_line(text, before, keeps_indentation=keeps_indentation)
    if before[-1] in " \t" and text[:1] in (" ", "\t"):
        return text.lstrip(" \t")
    return text


def _lines_around(gap: Gap) -> tuple[list[str], list[str]]:
    """Return the lines near the cursor's own, above it and below it, without empty ones."""
    above = gap.prefix.rsplit("\n", _NEAR_LINES + 1)[-_NEAR_LINES - 1 : -1]
    below = gap.suffix.split("\n", _NEAR_LINES + 1)[1 : _NEAR_LINES + 1]
    return [line for line in above if line.strip()], [line for line in below if line.strip()]


def _is_on_its_way(before: str, first: str, above: list[str], below: list[str]) -> bool:
    """Tell whether the cursor has yet to come to where its line begins, and the text brings it there."""
    goal = before + indentation_of(first)
    if goal == before:
        return False
    levels = {indentation_of(line) for line in (*above, *below)}
    stays_within = bool(above and below) and indentation_of(above[-1]) == indentation_of(below[0]) == goal
    return goal in levels and (before not in levels or stays_within)


def _on_empty_line(text: str, before: str, *, keeps_indentation: bool) -> str:
    """Let a text begin where the cursor is: its first line has the indentation already, or is to go deeper."""
    lines = text.split("\n")
    while len(lines) > 1 and not lines[0].strip():
        # What was meant for a line of its own brings the cursor's indentation with it.
        lines = [lines[1].removeprefix(before), *lines[2:]]
    extra = indentation_of(lines[0])
    if not before or not extra or keeps_indentation:
        return "\n".join(lines)
    shift = len(extra)
    deep_enough = all(indentation_of(line).startswith(before + extra) for line in lines[1:] if line.strip())
    if lines[0].rstrip().endswith(_HEADS) and len(lines) > 1 and indentation_of(lines[1]) == before + extra:
        deep_enough = False  # written from the margin: what the first line opens is no deeper than it otherwise
    rest = [before + line[len(before) + shift :] for line in lines[1:]] if deep_enough else lines[1:]
    return "\n".join([lines[0][shift:], *rest])


def mend_right(text: str, gap: Gap, language: Language | None) -> str:
    """End a suggestion as the text behind it needs it."""
    behind = gap.line_behind
    if not behind.strip():
        text = text.rstrip()
        closes = gap.suffix.lstrip()[:1] in ("}", "]")
        return text.rstrip(",") if closes and language is not None and language.name == "json" else text
    if behind[:1] in (" ", "\t") and text.strip() and gap.line_before.strip():
        return text.rstrip(" \t")
    if not gap.line_before and text.strip():
        # The cursor is at the beginning of a line that is to stay a line.
        return text.rstrip() + "\n"
    return text
