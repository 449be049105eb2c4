"""One run of the daemon, from settings to exit status: folders, lock, token, log, port, application, signals.

starting ──port bound, services built──► ready ──signal or stop request──► stopping ──bounded time──► gone

The lock is taken first and given back last. What the application is made of is `app`'s affair.
"""

import asyncio
import datetime
import errno
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from andiron_daemon import __version__
from andiron_daemon.client import Client, ClientError, answering_daemon, running_daemon, wait_until_healthy
from andiron_daemon.errors import ConfigurationError, DaemonError
from andiron_daemon.logs import set_up_logging
from andiron_daemon.notify import Notifier
from andiron_daemon.paths import Paths, make_private
from andiron_daemon.reports import set_up_reports
from andiron_daemon.runfile import (
    AlreadyRunningError,
    RunRecord,
    read_run_file,
    remove_run_file,
    single_instance,
    write_run_file,
)
from andiron_daemon.settings import Settings
from andiron_daemon.sockets import PortInUseError, is_loopback, listen, listen_beside, url_of
from andiron_daemon.tokens import ensure_token

if TYPE_CHECKING:
    from aiohttp import web

_log = logging.getLogger(__name__)
_HANDLERS_SECONDS = 2.0
_SHUTDOWN_SECONDS = 10.0
_OTHER_START_SECONDS = 10.0
_LOOK_SECONDS = 1.0
_NEXT_PORTS = 9
_LAST_PORT = 65535


def serve(settings: Settings, paths: Paths) -> None:
    """Run the daemon until it is told to stop; return at once if it runs already.

    Raises:
        DaemonError: if it cannot start.
    """
    notifier = Notifier()
    notifier.status("starting")
    _make_folders(paths)
    try:
        with single_instance(paths):
            _run_alone(settings, paths, notifier)
    except AlreadyRunningError:
        line = _report_running(paths)
        # Running is what was asked for: a service manager is told so, and has nothing to start again.
        notifier.ready(line)
        notifier.stopping(line)


def _make_folders(paths: Paths) -> None:
    for folder in (paths.state, paths.data, paths.config):
        try:
            make_private(folder)
        except OSError as error:
            first = "Make room there, or set" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "Set"
            raise ConfigurationError(
                f"{folder}: the folder cannot be made: {error.strerror}",
                hint=f"{first} ANDIRON_HOME to a folder that you may write to.",
            ) from error


def _report_running(paths: Paths) -> str:
    """Say where the daemon that holds the lock is; it may be starting, so it gets time to answer."""
    running_daemon(paths)  # has its run file written, should that be gone
    record = answering_daemon(paths) or wait_until_healthy(paths, timeout_seconds=_OTHER_START_SECONDS)
    if record is None:
        kept = read_run_file(paths)
        raise DaemonError(
            f"another Andiron holds {paths.state} and does not answer" + (f" (pid {kept.pid})" if kept else ""),
            hint=f"Wait for it to stop, or end it; {paths.log_file} tells what it did.",
        )
    line = f"Andiron is already running at {record.url} (pid {record.pid})"
    _say(line)
    return line


def _run_alone(settings: Settings, paths: Paths, notifier: Notifier) -> None:
    # Left by one that was killed; from here on the lock is held and would make it look alive.
    paths.run_file.unlink(missing_ok=True)
    secrets = (settings.token, settings.openai_api_key)
    _open_log(settings, paths, secrets)
    token = ensure_token(settings, paths) if settings.auth else ""
    _open_log(settings, paths, (*secrets, token))
    set_up_reports(settings.sentry_dsn)
    sockets = _listen(settings)
    try:
        sockets += listen_beside(settings.host, settings.extra_ports)
        record = RunRecord(
            pid=os.getpid(),
            host=settings.host,
            port=sockets[0].getsockname()[1],
            url=url_of(sockets),
            token_path=str(paths.token_file) if token and not settings.token else None,
            version=__version__,
            started_at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        )
        asyncio.run(_run(msgspec.structs.replace(settings, token=token), paths, sockets, record, notifier))
    finally:
        remove_run_file(paths)
        for opened in sockets:
            opened.close()


def _listen(settings: Settings) -> list[socket.socket]:
    """Listen where the settings say; on one of the next ports if nobody chose this one and it is taken.

    Clients find the port in run.json, so that two users of a machine need not agree on theirs.
    """
    try:
        return listen(settings.host, settings.port)
    except PortInUseError as error:
        taken = error
    if not _is_andiron(settings.port):
        reason = taken.message
    else:
        reason = f"port {settings.port} is in use by the Andiron of another user or another ANDIRON_HOME"
    if "port" in settings.sources:
        raise PortInUseError(reason, hint=taken.hint, details=taken.details) from taken
    for port in range(settings.port + 1, min(settings.port + _NEXT_PORTS, _LAST_PORT) + 1):
        with suppress(PortInUseError):
            sockets = listen(settings.host, port)
            _log.warning("%s; listening on port %d instead", reason, port)
            _say(f"warning: {reason}; listening on port {port} instead")
            return sockets
    raise PortInUseError(f"{reason}, and the next ones are taken too", hint=taken.hint, details=taken.details)


def _is_andiron(port: int) -> bool:
    try:
        answer = Client(f"http://127.0.0.1:{port}", timeout_seconds=_LOOK_SECONDS).get("/")
    except ClientError:
        return False
    return isinstance(answer, dict) and answer.get("name") == "Andiron"


def _open_log(settings: Settings, paths: Paths, secrets: tuple[str, ...]) -> None:
    try:
        set_up_logging(paths.log_file, debug=settings.debug, log_format=settings.log_format, secrets=secrets)
    except OSError as error:
        raise ConfigurationError(
            f"{paths.log_file}: the log cannot be written: {error.strerror}",
            hint="Make the state folder writable, or set ANDIRON_HOME.",
        ) from error


async def _run(
    settings: Settings, paths: Paths, sockets: list[socket.socket], record: RunRecord, notifier: Notifier
) -> None:
    from aiohttp import web

    from andiron_daemon import keys
    from andiron_daemon.app import create_app
    from andiron_daemon.connections import Bounds, Connections

    stop = asyncio.Event()
    _on_signals(stop.set)
    token_file = None if record.token_path is None else paths.token_file
    app = create_app(settings, paths, stop=stop.set, token_file=token_file)
    secrets = (settings.token, settings.openai_api_key)
    app[keys.ACCESS].on_rotation(lambda token: _open_log(settings, paths, (*secrets, token)))
    runner = web.AppRunner(
        app, handler_cancellation=True, access_log=None, handle_signals=False, shutdown_timeout=_HANDLERS_SECONDS
    )
    await runner.setup()
    connections = Connections(runner, Bounds(most=settings.max_connections, head_seconds=settings.head_seconds))
    try:
        for opened in sockets:
            await connections.listen(opened)
        _tell_clients(paths, record)
        _announce(settings, record)
        notifier.ready(f"ready at {record.url}")
        watching = asyncio.create_task(notifier.watch())
        await stop.wait()
        watching.cancel()
        notifier.stopping("stopping")
        _log.info("stopping")
    finally:
        connections.close()
        await _clean_up(runner)


def _tell_clients(paths: Paths, record: RunRecord) -> None:
    try:
        write_run_file(paths, record)
    except OSError as error:
        raise DaemonError(
            f"{paths.run_file}: cannot be written: {error.strerror}", hint="Make room on the disk, then start again."
        ) from error


async def _clean_up(runner: "web.AppRunner") -> None:
    """Let handlers end, then close everything, in bounded time: a hung part must not keep the daemon alive."""
    try:
        async with asyncio.timeout(_SHUTDOWN_SECONDS):
            await runner.cleanup()
    except TimeoutError:
        _log.error("stopped without waiting any longer for what still ran after %.0f s", _SHUTDOWN_SECONDS)
    else:
        _log.info("stopped")


def _on_signals(stop: Callable[[], None]) -> None:
    """Call `stop` in the loop for every signal that asks to end."""
    loop = asyncio.get_running_loop()
    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    for number in (getattr(signal, name) for name in names if hasattr(signal, name)):
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))


def _announce(settings: Settings, record: RunRecord) -> None:
    _log.info("ready at %s, version %s, pid %d", record.url, record.version, record.pid)
    if not is_loopback(settings.host):
        _log.warning("others can reach this address: %s; the token keeps them out", settings.host)
        if not sys.stderr.isatty():
            _say(f"warning: others can reach this address: {settings.host}; the token keeps them out")
    _say(f"Andiron is ready at {record.url}")


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
