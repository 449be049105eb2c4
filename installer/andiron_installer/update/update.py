"""The update from the first look to the last, with everything undone if a step fails.

    look ─► back-up ─► build beside ─► trial ─► daemon stopped ─► switch ─► daemon started ─► tidied
                            any failure before the switch: nothing has changed, the daemon ran on
                            a failure after it: switched back, database put back, the old daemon started

This process runs in the environment that is replaced: everything it needs is imported before the switch.
"""

import datetime
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from andiron_daemon.client import running_daemon, wait_until_healthy
from andiron_daemon.errors import DaemonError
from andiron_daemon.paths import Paths, make_private
from andiron_daemon.settings import load_settings
from andiron_installer.bootstrap.console import Console
from andiron_installer.ending import end_daemon
from andiron_installer.service.errors import ServiceError
from andiron_installer.service.service import Service
from andiron_installer.update.errors import UpdateError
from andiron_installer.update.places import Places, python_in
from andiron_installer.update.source import News, Source
from andiron_installer.update.trial import try_out

_START_SECONDS = 180.0
_COMMAND_SECONDS = 180.0
_CHANGES_SHOWN = 20
_BACKUP_TRIES = 5
_BACKUP_SECONDS = 1.0


class Update:
    """One update of the installation in `places`; `agree` is asked once, when it is known what is new."""

    def __init__(
        self, source: Source, places: Places, paths: Paths, lines: Console, agree: Callable[[str], bool]
    ) -> None:
        self._source = source
        self._places = places
        self._paths = paths
        self._lines = lines
        self._agree = agree
        self._backup: Path | None = None
        self._database: Path | None = None

    def run(self, *, dry_run: bool = False) -> bool:
        """Do it; tell whether anything was new and wanted.

        Raises:
            UpdateError: it did not work; what was there before is in use.
        """
        with _alone(self._paths):
            return self._run_steps(dry_run=dry_run)

    def _run_steps(self, *, dry_run: bool) -> bool:
        try:
            news = self._source.look()
            if news is None:
                self._lines.step("update").done("nothing is new")
                return False
            self._show(news)
            if dry_run:
                self._lines.say("Nothing was done: this is what would be.")
                return False
            if not self._agree(f"Update to {news.version}?"):
                return False
            self._places.clear()
            self._back_up()
            self._build()
            self._replace()
        finally:
            self._lines.end_line()
            self._source.clear()
            self._places.clear()
        self._lines.say(f"Andiron {news.version} is in use")
        return True

    def _show(self, news: News) -> None:
        self._lines.step("update").done(f"to {news.version}")
        for change in news.changes[:_CHANGES_SHOWN]:
            self._lines.say(f"               {change}")
        if len(news.changes) > _CHANGES_SHOWN:
            self._lines.say(f"               and {len(news.changes) - _CHANGES_SHOWN} more")

    def _back_up(self) -> None:
        step = self._lines.step("back-up")
        url = load_settings(self._paths).database_url
        self._database = Path(url.removeprefix("sqlite:///")) if url else self._paths.database_file
        if not self._database.exists():
            step.done("there is no database yet")
            return
        moment = datetime.datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
        backup = self._database.with_name(f"{self._database.stem}-before-update-{moment}.backup")
        for tries_left in reversed(range(_BACKUP_TRIES)):
            try:
                self._andiron("db", "backup", str(backup), what="the conversations cannot be backed up")
                break
            except UpdateError:
                # A daemon that was started a moment ago is still making its database.
                if not tries_left or running_daemon(self._paths) is None:
                    raise
                time.sleep(_BACKUP_SECONDS)
        self._backup = backup
        step.done(str(backup))

    def _build(self) -> None:
        step = self._lines.step("environment")
        step.doing("making the new one")

        def told(line: str | None) -> None:
            step.doing((line or "making the new one").strip()[:60])

        self._source.build(self._places, told)
        step.done(f"{self._places.next}, made")
        step = self._lines.step("trial")
        step.doing("starting its daemon")
        version = try_out(self._places.next_python, self._backup)
        step.done(f"the daemon of {version} answers and reads the conversations")

    def _replace(self) -> None:
        """Stop, switch, start; and all of it back if the new daemon does not come up."""
        service = Service(self._paths)
        running = running_daemon(self._paths)
        outlook = service.outlook()
        # One that waits for its next start counts too: it would start in the midst of the switch.
        by_service = outlook.activity in ("running", "starting", "waiting") and not outlook.by_hand
        ran = running is not None or by_service
        step = self._lines.step("switch")
        step.doing("stopping the daemon")
        try:
            self._stop(service, by_service=by_service)
        except DaemonError as error:
            # It may have been asked already, or end yet.
            with suppress(DaemonError):
                self._start(service, ran=ran, by_service=by_service)
            raise UpdateError(error.message, hint=error.hint) from error
        switched = False
        try:
            self._source.take(self._places)
            self._places.switch()
            switched = True
            self._start(service, ran=ran, by_service=by_service)
        except (DaemonError, OSError, KeyboardInterrupt) as error:
            self._undo(service, switched=switched, ran=ran, by_service=by_service)
            if isinstance(error, KeyboardInterrupt):
                raise
            reason = error.message if isinstance(error, DaemonError) else f"{error.filename}: {error.strerror}"
            raise UpdateError(
                f"the new version did not work in its place: {reason}",
                hint="The one from before is in use again, with its conversations.",
            ) from error
        step.done(f"{self._places.current}" + (", the daemon runs again" if ran else ""))

    def _undo(self, service: Service, *, switched: bool, ran: bool, by_service: bool) -> None:
        self._lines.step("switch").done("going back to the one before")
        with suppress(DaemonError):  # what does not end does not keep the old one from its place
            self._stop(service, by_service=by_service)
        if switched:
            self._places.switch_back()
        self._source.give_back()
        self._put_database_back()
        try:
            self._start(service, ran=ran, by_service=by_service)
        except DaemonError as error:
            self._lines.say(f"note: the daemon from before does not start either: {error.message}")

    def _stop(self, service: Service, *, by_service: bool) -> None:
        if by_service:
            with suppress(ServiceError):  # one that is slow to end is waited for below
                service.stop()
        end_daemon(self._paths, lambda line: self._lines.say(f"               {line}"))

    def _start(self, service: Service, *, ran: bool, by_service: bool) -> None:
        """Start the daemon of the environment that is in place by now, as it was started before."""
        if service.record is not None:
            # A new version may write its service otherwise; one that a person changed is left to them.
            self._run("service", "install")
        if by_service:
            self._andiron("service", "start", what="the service does not start")
        elif ran:
            self._andiron("serve", "--detach", what="the daemon does not start")
        else:
            self._andiron("--version", what="it does not run")
        if ran and wait_until_healthy(self._paths, timeout_seconds=_START_SECONDS) is None:
            raise UpdateError("the daemon does not answer")

    def _put_database_back(self) -> None:
        """Put the back-up in the place of a database that the new version has migrated already."""
        if self._backup is None or self._database is None or _version(self._backup) == _version(self._database):
            return
        for suffix in ("-wal", "-shm"):
            self._database.with_name(self._database.name + suffix).unlink(missing_ok=True)
        shutil.copyfile(self._backup, self._database)

    def _andiron(self, *arguments: str, what: str) -> None:
        done = self._run(*arguments)
        if done.returncode != 0:
            said = dict(line.partition(": ")[::2] for line in done.stderr.splitlines())
            reason = said.get("error") or done.stderr.strip()[-300:] or f"exit status {done.returncode}"
            raise UpdateError(f"{what}: {reason}", hint=said.get("hint"))

    def _run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [str(python_in(self._places.current)), "-P", "-m", "andiron_daemon", *arguments]
        try:
            return subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                timeout=_COMMAND_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(command, 124, "", f"error: no answer in {_COMMAND_SECONDS:.0f} s")
        except OSError as error:
            return subprocess.CompletedProcess(command, 127, "", f"error: {command[0]}: {error.strerror}")


@contextmanager
def _alone(paths: Paths) -> Iterator[None]:
    """Hold the lock of updates while the block runs: even a look lays files out, and clears what another laid out.

    Raises:
        UpdateError: another update holds it, or it cannot be taken.
    """
    file = paths.state / "update.lock"
    lock = FileLock(file, mode=0o600)
    try:
        make_private(paths.state)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise UpdateError("another update is at work", hint="Wait until it is done.") from error
    except OSError as error:
        raise UpdateError(
            f"{file}: cannot be written: {error.strerror}", hint="Set ANDIRON_HOME to a folder of yours."
        ) from error
    try:
        yield
    finally:
        lock.release()


def _version(database: Path) -> int:
    try:
        with closing(sqlite3.connect(f"file:{database.absolute().as_posix()}?mode=ro", uri=True)) as connection:
            return int(connection.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.Error:
        return -1
