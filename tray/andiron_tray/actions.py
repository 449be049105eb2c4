"""What the menu's items do; each may take its time, and says in a notice or an ActionError how it went."""

import datetime
import os
import subprocess
import sys
import webbrowser
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from andiron_daemon.client import Client, ClientError, find_client, wait_until_stopped
from andiron_daemon.errors import DaemonError
from andiron_daemon.paths import Paths
from andiron_tray.autostart import set_start_at_login
from andiron_tray.errors import ActionError
from andiron_tray.follower import Notice
from andiron_tray.menu import Action, Command

# Longer than `andiron serve --detach` waits.
_COMMAND_SECONDS = 240.0
_STOP_SECONDS = 20.0
_PAUSE = datetime.timedelta(hours=1)
_OPENERS = {"darwin": "open", "linux": "xdg-open"}
_SETTINGS = "/api/v1/settings"
_PAGES = ("/ui", "/docs")  # the first the daemon has


class Actions:
    """Does what was clicked, for the daemon of these folders."""

    def __init__(
        self,
        paths: Paths,
        *,
        open_page: Callable[[str], bool] = webbrowser.open,
        copy: Callable[[str], None] | None = None,
        open_file: Callable[[Path], None] | None = None,
    ) -> None:
        """Make them.

        Args:
            paths: the daemon's folders.
            open_page: opens an address in the browser, and tells whether it could.
            copy: puts a text into the clipboard.
            open_file: shows a file to the person.
        """
        self._paths = paths
        self._open_page = open_page
        self._copy = copy or _copy
        self._open_file = open_file or _open_file
        self._table: dict[Action, Callable[[str], Notice | None]] = {
            "start": self._start,
            "stop": self._stop,
            "restart": self._restart,
            "backend": lambda name: self._set(backend=name),
            "model": self._choose_model,
            "pause": self._pause,
            "resume": lambda _: self._set(completions_paused_until=None),
            "open_page": self._open_status_page,
            "open_docs": self._open_docs,
            "copy": self._copy_access,
            "view_log": self._view_log,
            "start_at_login": self._set_login,
            "about": self._about,
            "quit_all": self._stop,
        }

    @property
    def names(self) -> frozenset[Action]:
        """What can be done; `quit` is the icon's own affair."""
        return frozenset(self._table)

    def do(self, command: Command) -> Notice | None:
        """Do it; a notice is what there is to say.

        Raises:
            ActionError: it did not work.
        """
        try:
            return self._table[command.action](command.value)
        except DaemonError as error:
            raise ActionError(error.message, error.hint or f"See {self._paths.log_file}.") from error

    # -- the daemon's life

    def _start(self, _: str = "") -> None:
        """Start the service where there is one, so that it keeps the daemon; else the daemon itself."""
        if _has_service(self._paths):
            _andiron(self._paths, "service", "start")
        else:
            _andiron(self._paths, "serve", "--detach")

    def _stop(self, _: str = "") -> None:
        client = find_client(self._paths)
        if client is None:
            return
        client.stop()
        if not wait_until_stopped(self._paths, timeout_seconds=_STOP_SECONDS):
            raise ActionError(f"Andiron did not stop within {_STOP_SECONDS:.0f} s", "Try: andiron stop")

    def _restart(self, _: str) -> None:
        self._stop()
        self._start()

    # -- its settings

    def _set(self, **changes: object) -> Notice | None:
        told = self._client().patch(_SETTINGS, changes)
        passing = [name for name in told.get("until_restart", ()) if name in changes]
        if not passing:
            return None
        return Notice("Until Andiron is started again", f"{', '.join(passing)} is set elsewhere, which wins then.")

    def _choose_model(self, model: str) -> Notice | None:
        try:
            return self._set(chat_model=model or None, completion_model=model or None)
        except ClientError as error:
            if error.code != "invalid_request":
                raise
            self._set(completion_model=model)
            return Notice(error.message, "The model for chat is the one before.")

    def _pause(self, _: str) -> Notice | None:
        until = datetime.datetime.now(datetime.UTC) + _PAUSE
        return self._set(completions_paused_until=until.isoformat(timespec="seconds"))

    # -- what there is to see

    def _open_status_page(self, _: str) -> None:
        self._show(page_link(self._client(), _PAGES))

    def _open_docs(self, _: str) -> None:
        self._show(page_link(self._client(), ("/docs",)))

    def _show(self, address: str) -> None:
        if not self._open_page(address):
            # The link may sign in whoever has it, so that it is not written anywhere.
            raise ActionError("no browser could be opened", "Open it by hand: andiron open")

    def _copy_access(self, _: str) -> Notice:
        client = self._client()
        self._copy("\n".join(filter(None, (client.url, client.token))))
        return Notice("Copied", "The address and, below it, the token. Whoever has both can use Andiron.")

    def _view_log(self, _: str) -> None:
        if not self._paths.log_file.is_file():
            raise ActionError("there is no log yet", f"It will be {self._paths.log_file}.")
        self._open_file(self._paths.log_file)

    def _about(self, _: str) -> Notice:
        from andiron_daemon import __version__

        client = find_client(self._paths)
        where = f"The daemon is at {client.url}." if client is not None else "The daemon is not running."
        return Notice(f"Andiron {__version__}", f"A coding assistant on your own machine. MIT licence. {where}")

    def _set_login(self, wanted: str) -> None:
        """Start tray and daemon at login, or neither."""
        set_start_at_login(wanted == "on")
        _andiron(self._paths, "service", "autostart", wanted, "--json")

    def _client(self) -> Client:
        client = find_client(self._paths)
        if client is None:
            raise ActionError("Andiron is not running", "Start it from the menu.")
        return client


def page_link(client: Client, pages: Sequence[str]) -> str:
    """Ask the daemon for a link that signs the browser in to the first of the pages there is.

    Raises:
        ClientError: the daemon does not answer.
    """
    for page in pages:
        try:
            return str(client.post("/api/v1/system/links", {"page": page})["url"])
        except ClientError as error:
            if error.code not in ("invalid_request", "not_found"):
                raise
    return client.url + pages[-1]


def _has_service(paths: Paths) -> bool:
    try:
        told = msgspec.json.decode(_andiron(paths, "service", "status", "--json"), type=dict[str, Any])
    except (ActionError, msgspec.DecodeError):
        return False  # one that cannot even be asked keeps no daemon
    return bool(told.get("installed"))


def _andiron(paths: Paths, *arguments: str) -> str:
    """Run one command of `andiron` to its end and return what it printed.

    Raises:
        ActionError: it failed, with the reason it gave.
    """
    what = f"andiron {arguments[0]}"
    command = [sys.executable, "-P", "-m", "andiron_daemon", *arguments]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_COMMAND_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ActionError(f"{what} took over {_COMMAND_SECONDS:.0f} s", f"See {paths.log_file}.") from error
    if done.returncode != 0:
        said = dict(line.partition(": ")[::2] for line in done.stderr.splitlines())
        reason = said.get("error") or f"exit status {done.returncode}"
        raise ActionError(f"{what} failed: {reason}", said.get("hint") or f"See {paths.log_file}.")
    return done.stdout


def _copy(text: str) -> None:
    import pyperclip

    try:
        pyperclip.copy(text)
    except pyperclip.PyperclipException as error:
        raise ActionError("the clipboard cannot be used", "Install xclip or wl-clipboard.") from error


def _open_file(file: Path) -> None:
    if sys.platform == "win32":
        os.startfile(file)  # noqa: S606 -- the platform's way to open a file with what the person chose for it
        return
    opener = _OPENERS.get(sys.platform, "xdg-open")
    try:
        done = subprocess.run([opener, file], capture_output=True, timeout=_COMMAND_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ActionError(f"{opener} cannot be run", f"The log is {file}.") from error
    if done.returncode != 0:
        raise ActionError(f"{opener} could not show the log", f"The log is {file}.")
