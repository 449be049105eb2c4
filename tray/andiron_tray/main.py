"""`andiron-tray`: the icon in the panel. It follows the daemon and may be absent; the daemon does not care."""

import argparse
import sys

from andiron_daemon.paths import find_paths
from andiron_tray.actions import ACTIONS
from andiron_tray.errors import ActionError, TrayUnavailableError
from andiron_tray.icon import PystrayIcon
from andiron_tray.menu import Action
from andiron_tray.state import read_state

_EXIT_UNAVAILABLE = 69


def main(arguments: list[str] | None = None) -> int:
    """Show the icon until it is quit; 69 says that there is nowhere to show it."""
    argparse.ArgumentParser(prog="andiron-tray", description="Andiron's icon for the panel.").parse_args(arguments)
    paths = find_paths()

    def act(action: Action) -> str | None:
        try:
            ACTIONS[action](paths)
        except ActionError as error:
            return f"{error.message}. {error.hint}"
        return None

    try:
        PystrayIcon(lambda: read_state(paths), act).run()
    except TrayUnavailableError as error:
        sys.stderr.write(f"error: {error.message}\nhint: {error.hint}\n")
        return _EXIT_UNAVAILABLE
    return 0
