"""The tray put together: what the follower hears goes to the icon, what is clicked goes to the actions.

Three kinds of threads: the icon's own, which must never wait; one that follows the daemon; one a click, of which
one works at a time, so that a second click on Start does not start a second daemon.
"""

import datetime
import logging
import threading
from collections.abc import Callable

from andiron_daemon.paths import Paths
from andiron_tray.actions import Actions
from andiron_tray.autostart import starts_at_login
from andiron_tray.errors import ActionError
from andiron_tray.face import Face, TrayIcon
from andiron_tray.follower import Follower, Notice
from andiron_tray.menu import Command, menu, tooltip
from andiron_tray.probing import MakeIcon
from andiron_tray.state import STARTING, TrayState

_log = logging.getLogger(__name__)


class Tray:
    """One icon; `run` shows it until it is quit."""

    def __init__(
        self,
        paths: Paths,
        make_icon: MakeIcon,
        *,
        actions: Actions | None = None,
        look_seconds: float = 2.0,
        now: Callable[[], datetime.datetime] = lambda: datetime.datetime.now().astimezone(),
    ) -> None:
        self._actions = actions or Actions(paths)
        self._now = now
        self._follower = Follower(paths, self._changed, self._noticed, look_seconds=look_seconds)
        self._working = threading.Lock()
        self._icon: TrayIcon = make_icon(self.choose)

    def run(self) -> None:
        """Show the icon until it is quit.

        Raises:
            TrayUnavailableError: it cannot be shown, or no longer.
        """
        try:
            self._icon.run(self._begin)
        finally:
            self._follower.end()

    def choose(self, command: Command) -> None:
        """Do what was clicked; returns at once."""
        threading.Thread(target=self._do, args=(command,), name=f"tray {command.action}", daemon=True).start()

    def _begin(self) -> None:
        self._show(self._follower.state)
        threading.Thread(target=self._follower.run, name="tray follower", daemon=True).start()

    def _do(self, command: Command) -> None:
        if command.action == "quit":
            self._icon.stop()
            return
        with self._working:
            if command.action == "start":
                self._show(STARTING)
            try:
                words = self._actions.do(command)
            except ActionError as error:
                words = Notice(error.message, error.hint)
            if words is not None:
                self._noticed(words)
        if command.action == "quit_all":
            self._icon.stop()
            return
        self._follower.look_now()
        self._show(self._follower.state)

    def _changed(self, state: TrayState) -> None:
        self._show(state)

    def _show(self, state: TrayState) -> None:
        items = menu(state, self._now(), starts_at_login=starts_at_login())
        self._icon.show(Face(state.condition, tooltip(state), items))

    def _noticed(self, notice: Notice) -> None:
        _log.info("%s: %s", notice.title, notice.text)
        self._icon.notify(notice.title, notice.text)
