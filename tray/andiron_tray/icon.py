"""The icon itself: the only file that knows pystray, which cannot even be imported without a display."""

import functools
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from andiron_tray.errors import TrayUnavailableError
from andiron_tray.menu import Action, headline, menu
from andiron_tray.state import TrayState

if TYPE_CHECKING:
    from PIL.Image import Image

_SIZE = 64
_FLAME = [(32, 4), (46, 24), (52, 40), (44, 56), (20, 56), (12, 40), (22, 28), (26, 34)]
_COLOURS = {"running": "#e8590c", "silent": "#c92a2a", "stopped": "#868e96"}
_POLL_SECONDS = 2.0


class PystrayIcon:
    """Follows the daemon with `read`, does what is clicked with `act`, and shows what `act` returns."""

    def __init__(self, read: Callable[[], TrayState], act: Callable[[Action], str | None]) -> None:
        """Raises `TrayUnavailableError`: no display, no pystray, or no place for icons with menus."""
        self._pystray = _pystray()
        self._read = read
        self._act = act
        self._ended = threading.Event()
        self._state = read()
        menu_of_now = self._pystray.Menu(self._items)
        self._icon = self._pystray.Icon("andiron", _picture(self._state), headline(self._state), menu_of_now)
        if not self._icon.HAS_MENU:
            hint = "On Linux install PyGObject and AppIndicator, or use the `andiron` command."
            raise TrayUnavailableError("there is no tray here that shows menus", hint)

    def run(self) -> None:
        """Show the icon until the person quits it."""
        self._icon.run(setup=self._follow)

    def _items(self) -> Iterator[Any]:
        for item in menu(self._state):
            chosen = functools.partial(self._begin, item.action) if item.action else None
            yield self._pystray.MenuItem(item.label, chosen, enabled=chosen is not None)

    def _begin(self, action: Action, *_: object) -> None:
        # Starting the daemon takes its time, and the menu's thread must not wait for it.
        threading.Thread(target=self._do, args=(action,), daemon=True).start()

    def _do(self, action: Action) -> None:
        if action == "quit":
            self._ended.set()
            self._icon.stop()
        elif (words := self._act(action)) is not None and self._icon.HAS_NOTIFICATION:
            self._icon.notify(words, "Andiron")

    def _follow(self, _: object) -> None:
        self._icon.visible = True
        while not self._ended.wait(_POLL_SECONDS):
            if (found := self._read()) != self._state:
                self._state = found
                self._icon.icon, self._icon.title = _picture(found), headline(found)
                self._icon.update_menu()


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


def _picture(state: TrayState) -> "Image":
    from PIL import Image, ImageDraw

    picture = Image.new("RGBA", (_SIZE, _SIZE), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    draw.polygon(_FLAME, fill=_COLOURS[state.condition])
    draw.rectangle((8, 57, 56, 61), fill="#343a40")
    return picture
