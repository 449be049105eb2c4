"""The icon by pystray, for Windows, macOS and the GTK panels: the only file that knows it.

It is imported late, because it cannot even be imported without a display.
"""

import logging
from collections.abc import Callable
from typing import Any

from andiron_tray.errors import TrayUnavailableError
from andiron_tray.face import Chosen, Face
from andiron_tray.menu import Command, Item
from andiron_tray.picture import picture

_SIZE = 64
_log = logging.getLogger(__name__)


def check_pystray() -> None:
    """See whether pystray shows menus here.

    Raises:
        TrayUnavailableError: it does not, or cannot even be imported.
    """
    if not _pystray().Icon.HAS_MENU:
        hint = "On Linux use a panel that shows StatusNotifierItems, or install PyGObject with AppIndicator."
        raise TrayUnavailableError("there is no tray here that shows menus", hint)


class PystrayIcon:
    """A `TrayIcon`; made on the main thread, which `run` then needs for itself."""

    def __init__(self, chosen: Chosen) -> None:
        """Raises `TrayUnavailableError`: no display, or no pystray."""
        self._pystray = _pystray()
        self._chosen = chosen
        self._face = Face("stopped", "Andiron", ())
        menu = self._pystray.Menu(lambda: [self._line(item) for item in self._face.menu])
        self._icon = self._pystray.Icon("andiron", picture("stopped", _SIZE), "Andiron", menu)

    def run(self, ready: Callable[[], None]) -> None:
        """Show the icon until `stop`."""

        def begin(_: object) -> None:
            self._icon.visible = True
            ready()

        self._icon.run(setup=begin)

    def show(self, face: Face) -> None:
        """Show another face."""
        before, self._face = self._face, face
        if face.condition != before.condition:
            self._icon.icon = picture(face.condition, _SIZE)
        if face.title != before.title:
            self._icon.title = face.title
        if face.menu != before.menu:
            self._icon.update_menu()

    def notify(self, title: str, text: str) -> None:
        """Send a notification, where the platform has them."""
        if self._icon.HAS_NOTIFICATION:
            self._icon.notify(text, title)
        else:
            _log.warning("%s: %s", title, text)

    def stop(self) -> None:
        """End `run`."""
        self._icon.stop()

    def _line(self, item: Item) -> Any:
        if item.kind == "separator":
            return self._pystray.Menu.SEPARATOR
        if item.children:
            below = [self._line(child) for child in item.children]
            return self._pystray.MenuItem(item.label, self._pystray.Menu(*below))
        command = item.command
        marked = None if item.kind == "line" else (lambda _, item=item: item.is_marked)
        return self._pystray.MenuItem(
            item.label,
            (lambda *_, command=command: self._choose(command)),
            checked=marked,
            radio=item.kind == "radio",
            enabled=item.is_enabled,
        )

    def _choose(self, command: Command | None) -> None:
        if command is not None:
            self._chosen(command)


def _pystray() -> Any:
    try:
        import pystray  # type: ignore[import-untyped] # pystray ships no types
    except ModuleNotFoundError as error:
        hint = "Install it: python3 installer --tray"
        raise TrayUnavailableError(f"the tray's packages are not installed ({error.name})", hint) from error
    except Exception as error:  # its back ends raise errors of kinds of their own while they are imported
        hint = "Start andiron-tray in a graphical session; the daemon itself needs none."
        raise TrayUnavailableError(f"no tray can be shown here: {error}", hint) from error
    return pystray
