"""What a person does with the service: install, start, stop, look; and who runs the daemon, the service or a hand."""

import time
from collections.abc import Callable
from typing import Any

import msgspec

from andiron_daemon.client import ClientError, answering_daemon, find_client, running_daemon, wait_until_healthy
from andiron_daemon.client import wait_until_stopped as wait_for_end
from andiron_daemon.paths import Paths
from andiron_daemon.runfile import RunRecord
from andiron_daemon.settings import load_settings
from andiron_installer.service import installation
from andiron_installer.service.choice import find_control
from andiron_installer.service.control import Activity, Control, Logs, State
from andiron_installer.service.description import Description, describe, with_path_of
from andiron_installer.service.errors import NotInstalledError, ServiceError
from andiron_installer.service.installation import Record, Removal
from andiron_installer.service.plan import Plan

_STARTED_SECONDS = 60.0
_LOOK_SECONDS = 0.5
_CRASHES_AT_START = 2
_STOPPED_SECONDS = 20.0


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """How the service is, for people and for the tray; `by_hand` is a daemon that the service did not start."""

    installed: bool
    manager: str
    name: str
    autostart: bool
    activity: Activity
    pid: int | None = None
    url: str | None = None
    by_hand: bool = False
    restarts: int = 0
    detail: str = ""
    hint: str = ""
    files: tuple[str, ...] = ()


class Service:
    """The service of one set of folders, under the manager it is installed with or would be."""

    def __init__(
        self,
        paths: Paths,
        control: Control | None = None,
        *,
        afresh: bool = False,
        start_seconds: float = _STARTED_SECONDS,
    ) -> None:
        self._paths = paths
        self._start_seconds = start_seconds
        self.record = installation.record_of(paths)
        self._description = describe(paths)
        if self.record and not afresh:
            # PATH differs from terminal to terminal; the one it was installed with stays until it is forced.
            self._description = with_path_of(self._description, self.record.variables)
        self._control = control or find_control(self.record.kind if self.record else None)

    @property
    def description(self) -> Description:
        """What is rendered."""
        return self._description

    @property
    def manager(self) -> str:
        """The kind of service manager."""
        return self._control.kind

    def plan(self, *, autostart: bool | None = None) -> Plan:
        """Say what an installation would do; `None` leaves the start at login as it is, off at first."""
        if autostart is None:
            autostart = self.record.autostart if self.record else False
        return self._control.plan(self._description, autostart=autostart)

    def install(self, plan: Plan, *, overwrite: bool = False) -> bool:
        """Do what a plan says; tell whether anything had to be done.

        Raises:
            ServiceError: as `installation.install` does.
        """
        if installation.is_current(plan, self.record):
            return False
        self.record = installation.install(plan, self._paths, overwrite=overwrite)
        return True

    def uninstall(self, told: Callable[[str], None]) -> Removal:
        """Stop the service and remove what was made.

        Raises:
            NotInstalledError: there is none.
        """
        record = self._installed()
        try:
            self.stop()
        except ServiceError as error:
            told(f"it could not be stopped: {error.message}")
        removal = installation.uninstall(record, self._paths, told=told)
        self.record = None
        return removal

    def start(self) -> RunRecord | None:
        """Have the daemon run under the service; None if one was started by hand, which is left alone.

        Raises:
            NotInstalledError: there is no service.
            ConfigurationError: a setting is wrong, so that the start would fail.
            ServiceError: it did not start.
        """
        self._installed()
        running = answering_daemon(self._paths)
        if running is not None:
            return running if self._is_own(running) else None
        load_settings(self._paths, environment=self._description.variables)
        self._control.start(self._description)
        return self._answering()

    def stop(self) -> bool:
        """Have the service stopped; tell whether it ran. A daemon started by hand is left alone.

        Raises:
            NotInstalledError: there is no service.
        """
        self._installed()
        if self._control.state(self._description).activity in ("stopped", "failed"):
            return False
        self._control.stop(self._description)
        if not wait_for_end(self._paths, timeout_seconds=_STOPPED_SECONDS):
            raise ServiceError("the daemon still runs", hint="End it: andiron stop")
        return True

    def restart(self) -> RunRecord:
        """Have the daemon run anew under the service; one started by hand is ended first.

        Raises:
            ServiceError: as `start` and `stop` do.
        """
        self._installed()
        load_settings(self._paths, environment=self._description.variables)
        self.stop()
        self._end_by_hand()
        record = self.start()
        if record is None:
            raise ServiceError("another daemon was started meanwhile", hint="andiron stop && andiron service start")
        return record

    def outlook(self) -> Outlook:
        """Look how everything is; a manager that does not answer is told of, not raised."""
        record, running = self.record, running_daemon(self._paths)
        state = State(activity="stopped")
        detail = hint = ""
        if record is not None:
            try:
                state = self._control.state(self._description)
                detail = state.detail
            except ServiceError as error:
                detail, hint = error.message, error.hint or ""
        own = running is not None and running.pid == state.pid
        return Outlook(
            installed=record is not None,
            manager=self.manager,
            name=record.name if record else self._description.name,
            autostart=record.autostart if record else False,
            activity=state.activity,
            pid=running.pid if running else state.pid,
            url=running.url if running else None,
            by_hand=running is not None and not own,
            restarts=state.restarts,
            detail=detail,
            hint=hint or self._advice(state),
            files=tuple(made.path for made in record.files) if record else (),
        )

    def logs(self, *, lines: int, follow: bool) -> Logs:
        """Say where the service's words are.

        Raises:
            NotInstalledError: there is no service.
        """
        self._installed()
        return self._control.logs(self._description, lines=lines, follow=follow)

    def _answering(self) -> RunRecord:
        """Wait for the daemon that was started, as long as there is hope."""
        deadline = time.monotonic() + self._start_seconds
        while True:
            record = wait_until_healthy(self._paths, timeout_seconds=_LOOK_SECONDS)
            if record is not None:
                return record
            state = self._control.state(self._description)
            because = f": {state.detail}" if state.detail else ""
            if state.activity == "failed" or state.restarts >= _CRASHES_AT_START:
                raise ServiceError(
                    f"the service was started and does not answer{because}", hint="See why: andiron service logs"
                )
            if time.monotonic() > deadline:
                now = f"{state.activity} (pid {state.pid})" if state.pid else state.activity
                raise ServiceError(
                    f"the service is {now} and has not answered within {self._start_seconds:g} s{because}",
                    hint="It goes on and may still come: andiron service status. What it does: andiron service logs",
                )

    def _advice(self, state: State) -> str:
        if self.record is None:
            return "Install it: andiron service install"
        if installation.changed_files(self.record):
            return "A file of the service was changed or is gone; `andiron service install --force` writes it anew."
        if not installation.is_current(self.plan(), self.record):
            return "The service is not as this Andiron would write it (was it moved?): andiron service install"
        if state.activity in ("failed", "waiting"):
            return "See why: andiron service logs"
        return ""

    def _is_own(self, running: RunRecord) -> bool:
        return self._control.state(self._description).pid == running.pid

    def _end_by_hand(self) -> None:
        client = find_client(self._paths)
        if client is None:
            return
        try:
            client.stop()
        except ClientError as error:
            raise ServiceError(
                f"the daemon that runs cannot be ended: {error.message}", hint="Try: andiron stop"
            ) from error
        if not wait_for_end(self._paths, timeout_seconds=_STOPPED_SECONDS):
            raise ServiceError("the daemon that was started by hand still runs", hint="End it: andiron stop")

    def _installed(self) -> Record:
        if self.record is None:
            raise NotInstalledError
        return self.record


def as_json(outlook: Outlook) -> Any:
    """Turn an outlook into what `--json` prints."""
    return msgspec.to_builtins(outlook)
