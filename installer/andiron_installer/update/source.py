"""The seam to where an installation came from: a checkout or a package index."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from andiron_installer.update.places import Places


@dataclass(frozen=True)
class News:
    """The version that is there to be had, and what changes with it, in a line each."""

    version: str
    changes: tuple[str, ...]


class Source(Protocol):
    """Where an installation came from. Every method may raise `UpdateError`."""

    def look(self) -> News | None:
        """Say what is new; None if nothing is."""

    def build(self, places: Places, told: Callable[[str | None], None]) -> None:
        """Make the next environment; `told` gets what is said meanwhile."""

    def take(self, places: Places) -> None:
        """Do what has to be done between the trial and the switch."""

    def give_back(self) -> None:
        """Undo `take`."""

    def clear(self) -> None:
        """Remove what was needed for the update only."""
