"""Follows the daemon through its client: by its events while it runs, by a look now and then while it does not.

    stopped ──run file──► following ──"stopping"──► stopped
                             └──broke off──► died, or still there and silent

Blocking, for a thread of its own. What it hears it hands on as values; what to make of them is the tray's affair.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from andiron_daemon.client import Client, ClientError, Event, find_client, running_daemon, wait_until_stopped
from andiron_daemon.errors import DaemonError
from andiron_daemon.paths import Paths
from andiron_tray.state import DIED, SILENT, STOPPED, TrayState, state_of

# How often to look for a daemon that is not there; while one is, its events come by themselves.
_LOOK_SECONDS = 2.0
_PATIENCE_SECONDS = 5.0
# A process that was killed gives its connections back before its lock.
_GONE_SECONDS = 0.5


@dataclass(frozen=True)
class Notice:
    """Something to tell the person."""

    title: str
    text: str


class Follower:
    """Calls `changed` with every other state and `noticed` with what is worth a notification."""

    def __init__(
        self,
        paths: Paths,
        changed: Callable[[TrayState], None],
        noticed: Callable[[Notice], None],
        *,
        look_seconds: float = _LOOK_SECONDS,
    ) -> None:
        self._paths = paths
        self._changed = changed
        self._noticed = noticed
        self._look_seconds = look_seconds
        self._state = STOPPED
        self._is_stopping = False
        self._ended = threading.Event()
        self._hurry = threading.Event()

    @property
    def state(self) -> TrayState:
        """The state last told."""
        return self._state

    def run(self) -> None:
        """Follow until `end`."""
        while not self._ended.is_set():
            try:
                client = self._client()
                if client is not None:
                    self._follow(client)
                    continue
            except DaemonError as error:  # the state folder cannot be looked at, or the daemon says no
                self._tell(TrayState(condition="error", detail=error.message, hint=error.hint))
            self._hurry.wait(self._look_seconds)
            self._hurry.clear()

    def end(self) -> None:
        """Have `run` return; it may take as long as the daemon is silent."""
        self._ended.set()
        self._hurry.set()

    def look_now(self) -> None:
        """Do not wait for the next look."""
        self._hurry.set()

    def _client(self) -> Client | None:
        # A look at one file while nothing runs; the lock is tried only when there is something to find out.
        if not self._paths.run_file.exists() or running_daemon(self._paths) is None:
            if self._state.condition != "error" or self._state.is_running:
                self._tell(STOPPED)
            return None
        return find_client(self._paths, timeout_seconds=_PATIENCE_SECONDS)

    def _follow(self, client: Client) -> None:
        self._is_stopping = False
        try:
            for event in client.follow():
                self._take(event)
                if self._ended.is_set():
                    return
        except ClientError as error:
            if error.code != "unreachable":
                raise
        self._left()

    def _left(self) -> None:
        """Find out what the end of the events means."""
        if self._is_stopping:
            self._tell(STOPPED)
        elif wait_until_stopped(self._paths, timeout_seconds=_GONE_SECONDS):
            self._tell(DIED)
        else:
            self._tell(SILENT)
        if not self._ended.is_set():
            self._hurry.wait(self._look_seconds / 4)
            self._hurry.clear()

    def _take(self, event: Event) -> None:
        match event.name:
            case "state":
                self._tell(state_of(event.data))
            case "stopping":
                self._is_stopping = True
            case "pull":
                self._noticed(_of_pull(event.data))
            case "budget":
                text = " ".join(filter(None, (event.data.get("message"), event.data.get("hint"))))
                self._noticed(Notice("The cloud budget is used up", text))

    def _tell(self, state: TrayState) -> None:
        before, self._state = self._state, state
        if state == before:
            return
        self._changed(state)
        if state.condition == "error" and (before.condition, before.detail) != ("error", state.detail):
            text = " ".join(filter(None, (state.detail, state.hint)))
            self._noticed(Notice("Andiron does not work", text))


def _of_pull(data: dict[str, Any]) -> Notice:
    words = {"done": "is here", "failed": "could not be fetched", "cancelled": "is not fetched any further"}
    title = f"{data.get('id')} {words.get(str(data.get('state')), 'has ended')}"
    return Notice(title, str(data.get("message") or "It can be chosen in the menu."))
