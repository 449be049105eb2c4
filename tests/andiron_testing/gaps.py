"""Gaps written as they look in an editor: the text with a mark where the cursor is."""

from andiron_daemon.completion.gap import Gap, read_gap
from andiron_daemon.completion.multiline import Extent, extent_of
from andiron_daemon.completion.polish import Scene
from andiron_daemon.completion.types import CompletionInput
from andiron_daemon.syntax.cursor import surroundings
from andiron_daemon.syntax.languages import language_named
from andiron_daemon.syntax.parse import parse

CURSOR = "█"


def gap_at(text: str) -> Gap:
    """Make the gap of a text with one cursor in it."""
    prefix, suffix = text.split(CURSOR)
    return read_gap(CompletionInput(prefix=prefix, suffix=suffix))


def scene_at(text: str, language_name: str | None = "python", asked: bool | str = "auto") -> Scene:
    """Make all that filters know of a place."""
    gap = gap_at(text)
    language = language_named(language_name) if language_name else None
    around = surroundings(gap.prefix, gap.suffix, language, parse(gap.prefix + gap.suffix, language))
    extent: Extent = extent_of(gap, asked, around, language)
    return Scene(gap=gap, extent=extent, surroundings=around, language=language)
