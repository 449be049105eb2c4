"""`andiron-tray`: the icon in the panel. It follows the daemon and may be absent; the daemon does not care."""

import argparse
import logging
import os
import sys
from typing import TYPE_CHECKING

from andiron_daemon.paths import find_paths
from andiron_tray.errors import TrayUnavailableError
from andiron_tray.session import AlreadyShownError, one_tray

if TYPE_CHECKING:
    from andiron_daemon.paths import Paths

EXIT_UNAVAILABLE = 69
_WAIT_SECONDS = 2.0


def main(arguments: list[str] | None = None) -> int:
    """Show the icon until it is quit; 69 says that there is nowhere to show it, 0 also that it is shown already."""
    parser = argparse.ArgumentParser(
        prog="andiron-tray",
        description="Andiron's icon for the panel: how the daemon is, and what can be done about it.",
        epilog="Exit status: 0 when it was quit or is shown already, 69 when nothing here can show it.",
    )
    parser.add_argument(
        "--wait",
        type=_seconds,
        default=_WAIT_SECONDS,
        metavar="SECONDS",
        help="how long to wait for a panel that may come up later (default: %(default)s)",
    )
    parser.add_argument("--home", metavar="FOLDER", help="stands for ANDIRON_HOME where nothing sets it, as at login")
    options = parser.parse_args(arguments)
    if options.home is not None:
        os.environ["ANDIRON_HOME"] = options.home
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    try:
        return _show(find_paths(), options.wait)
    except TrayUnavailableError as error:
        sys.stderr.write(f"error: {error.message}\nhint: {error.hint}\n")
        return EXIT_UNAVAILABLE
    except KeyboardInterrupt:
        return 0


def _show(paths: "Paths", wait_seconds: float) -> int:
    try:
        with one_tray(paths):
            from andiron_tray.probing import find_icon
            from andiron_tray.tray import Tray

            Tray(paths, find_icon(wait_seconds)).run()
    except AlreadyShownError:
        sys.stderr.write("Andiron's tray is already shown in this session\n")
    return 0


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds <= 3600:
        raise argparse.ArgumentTypeError("a number of seconds from 0 to 3600 was expected")
    return seconds
