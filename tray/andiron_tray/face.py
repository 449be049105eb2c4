"""What the panel shows, and the seam every way of showing it stands behind."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from andiron_tray.menu import Command, Item
from andiron_tray.state import Condition

Chosen = Callable[[Command], None]


@dataclass(frozen=True)
class Face:
    """The picture's condition, the words beside it, and the menu."""

    condition: Condition
    title: str
    menu: tuple[Item, ...]


class TrayIcon(Protocol):
    """An icon in a panel; made with the function that is told what was clicked, which must return at once."""

    def run(self, ready: Callable[[], None]) -> None:
        """Show the icon until `stop`; `ready` is called, on any thread, once it is there.

        Raises:
            TrayUnavailableError: there is nothing here, or no longer, that shows it.
        """

    def show(self, face: Face) -> None:
        """Show another face; from any thread, also before `run`."""

    def notify(self, title: str, text: str) -> None:
        """Tell the person something, where that is possible here; from any thread."""

    def stop(self) -> None:
        """End `run`; from any thread."""
