"""The seam to a platform's service manager: how it is told of the service, and how it is asked."""

from pathlib import Path
from typing import Literal, Protocol

import msgspec

from andiron_installer.service.description import Description
from andiron_installer.service.plan import Plan

Activity = Literal["running", "starting", "stopped", "waiting", "failed"]


class State(msgspec.Struct, frozen=True, kw_only=True):
    """How the manager sees the service; `waiting` is between a crash and the next start."""

    activity: Activity
    pid: int | None = None
    restarts: int = 0
    detail: str = ""


class Logs(msgspec.Struct, frozen=True, kw_only=True):
    """Where the service's words are: a command that prints them, or a file."""

    command: tuple[str, ...] = ()
    file: Path | None = None


class Control(Protocol):
    """One kind of service manager. Every method may raise `ServiceError`."""

    @property
    def kind(self) -> str:
        """Its name, as `service status` shows it."""

    def plan(self, description: Description, *, autostart: bool) -> Plan:
        """Say what an installation writes and runs."""

    def start(self, description: Description) -> None:
        """Have the service started; return when the manager has taken it up."""

    def stop(self, description: Description) -> None:
        """Have the service stopped and not started again."""

    def state(self, description: Description) -> State:
        """Look how the service is."""

    def logs(self, description: Description, *, lines: int, follow: bool) -> Logs:
        """Say where its words are."""
