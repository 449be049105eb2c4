"""What the menu's items do."""

import subprocess
import sys
import webbrowser
from collections.abc import Callable

from andiron_daemon.client import ClientError, find_client, running_daemon
from andiron_daemon.paths import Paths
from andiron_tray.errors import ActionError
from andiron_tray.menu import Action

_START_SECONDS = 60.0


def start(paths: Paths) -> None:
    """Start the daemon in the background.

    Raises:
        ActionError: it did not start, with the reason it gave.
    """
    command = [sys.executable, "-m", "andiron_daemon", "serve", "--detach"]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_START_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ActionError(f"Andiron did not start in {_START_SECONDS:.0f} s", f"See {paths.log_file}.") from error
    if done.returncode != 0:
        said = dict(line.partition(": ")[::2] for line in done.stderr.splitlines())
        reason = said.get("error") or f"exit code {done.returncode}"
        raise ActionError(f"Andiron did not start: {reason}", said.get("hint") or f"See {paths.log_file}.")


def stop(paths: Paths) -> None:
    """Ask the daemon to end.

    Raises:
        ActionError: it does not answer.
    """
    client = find_client(paths)
    if client is None:
        return
    try:
        client.stop()
    except ClientError as error:
        raise ActionError(f"Andiron was not stopped: {error.message}", "Try: andiron stop") from error


def open_docs(paths: Paths) -> None:
    """Show the API's documentation in the browser.

    Raises:
        ActionError: no daemon runs, or there is no browser.
    """
    url = _url(paths)
    if not webbrowser.open(f"{url}/docs"):
        raise ActionError("no browser could be opened", f"The documentation is at {url}/docs")


def copy_url(paths: Paths) -> None:
    """Put the daemon's address into the clipboard.

    Raises:
        ActionError: no daemon runs, or there is no clipboard.
    """
    import pyperclip

    url = _url(paths)
    try:
        pyperclip.copy(url)
    except pyperclip.PyperclipException as error:
        raise ActionError(f"the clipboard cannot be used; the address is {url}", "Install xclip or wl-copy.") from error


ACTIONS: dict[Action, Callable[[Paths], None]] = {
    "start": start,
    "stop": stop,
    "open_docs": open_docs,
    "copy_url": copy_url,
}


def _url(paths: Paths) -> str:
    record = running_daemon(paths)
    if record is None:
        raise ActionError("Andiron is not running", "Start it from the menu.")
    return record.url
