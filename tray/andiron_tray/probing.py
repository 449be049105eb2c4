"""Which way an icon is shown here, found out by trying.

On Windows and macOS that is pystray. Elsewhere a panel that shows StatusNotifierItems is spoken to directly; where
there is none, pystray is tried, which shows a menu if GTK or AppIndicator is there for it. In that order, because
GTK's own icons cannot tell whether any panel shows them, and GTK costs as much memory again as all the rest.
"""

import sys
from collections.abc import Callable

from andiron_tray.errors import TrayUnavailableError
from andiron_tray.face import Chosen, TrayIcon

MakeIcon = Callable[[Chosen], TrayIcon]


def find_icon(wait_seconds: float, platform: str = sys.platform) -> MakeIcon:
    """Choose how to show the icon.

    Args:
        wait_seconds: how long to wait for a panel, which at login may come later than this.
        platform: another than this one's, for tests.

    Raises:
        TrayUnavailableError: nothing here can show an icon with a menu.
    """
    from andiron_tray.icon import PystrayIcon, check_pystray

    if platform in ("win32", "darwin"):
        return PystrayIcon
    try:
        from andiron_tray.status_notifier import StatusNotifierIcon, check_host

        check_host(wait_seconds)
    except ModuleNotFoundError as error:
        reason = TrayUnavailableError(
            f"the tray's packages are not installed ({error.name})", "Install them: python3 installer --tray"
        )
    except TrayUnavailableError as error:
        reason = error
    else:
        return StatusNotifierIcon
    try:
        check_pystray()
    except TrayUnavailableError:
        raise reason from None
    return PystrayIcon
