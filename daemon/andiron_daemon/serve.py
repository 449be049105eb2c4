"""One run of the daemon, from settings to exit status: folders, lock, token, log, port, application, signals.

starting ──port bound, services built──► ready ──signal or stop request──► stopping ──bounded time──► gone

The lock is taken first and given back last. What the application is made of is `app`'s affair.
"""

import asyncio
import datetime
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from andiron_daemon import __version__
from andiron_daemon.client import answering_daemon, wait_until_healthy
from andiron_daemon.errors import ConfigurationError, DaemonError
from andiron_daemon.logs import set_up_logging
from andiron_daemon.paths import Paths, make_private
from andiron_daemon.runfile import (
    AlreadyRunningError,
    RunRecord,
    read_run_file,
    remove_run_file,
    single_instance,
    write_run_file,
)
from andiron_daemon.settings import Settings
from andiron_daemon.sockets import is_loopback, listen, url_of
from andiron_daemon.tokens import ensure_token

if TYPE_CHECKING:
    from aiohttp import web

_log = logging.getLogger(__name__)
_HANDLERS_SECONDS = 2.0
_SHUTDOWN_SECONDS = 10.0
_OTHER_START_SECONDS = 10.0


def serve(settings: Settings, paths: Paths) -> None:
    """Run the daemon until it is told to stop; return at once if it runs already.

    Raises:
        DaemonError: if it cannot start.
    """
    _make_folders(paths)
    try:
        with single_instance(paths):
            _run_alone(settings, paths)
    except AlreadyRunningError:
        _report_running(paths)


def _make_folders(paths: Paths) -> None:
    for folder in (paths.state, paths.data, paths.config):
        try:
            make_private(folder)
        except OSError as error:
            raise ConfigurationError(
                f"{folder}: the folder cannot be made: {error.strerror}",
                hint="Set ANDIRON_HOME to a folder that you may write to.",
            ) from error


def _report_running(paths: Paths) -> None:
    """Say where the daemon that holds the lock is; it may be starting, so it gets time to answer."""
    record = answering_daemon(paths) or wait_until_healthy(paths, timeout_seconds=_OTHER_START_SECONDS)
    if record is None:
        kept = read_run_file(paths)
        raise DaemonError(
            f"another Andiron holds {paths.state} and does not answer" + (f" (pid {kept.pid})" if kept else ""),
            hint=f"Wait for it to stop, or end it; {paths.log_file} tells what it did.",
        )
    _say(f"Andiron is already running at {record.url} (pid {record.pid})")


def _run_alone(settings: Settings, paths: Paths) -> None:
    # Left by one that was killed; from here on the lock is held and would make it look alive.
    paths.run_file.unlink(missing_ok=True)
    secrets = (settings.token, settings.openai_api_key)
    _open_log(settings, paths, secrets)
    token = ensure_token(settings, paths) if settings.auth else ""
    _open_log(settings, paths, (*secrets, token))
    sockets = listen(settings.host, settings.port)
    try:
        record = RunRecord(
            pid=os.getpid(),
            host=settings.host,
            port=sockets[0].getsockname()[1],
            url=url_of(sockets),
            token_path=str(paths.token_file) if token and not settings.token else None,
            version=__version__,
            started_at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        )
        asyncio.run(_run(msgspec.structs.replace(settings, token=token), paths, sockets, record))
    finally:
        remove_run_file(paths)
        for opened in sockets:
            opened.close()


def _open_log(settings: Settings, paths: Paths, secrets: tuple[str, ...]) -> None:
    try:
        set_up_logging(paths.log_file, debug=settings.debug, log_format=settings.log_format, secrets=secrets)
    except OSError as error:
        raise ConfigurationError(
            f"{paths.log_file}: the log cannot be written: {error.strerror}",
            hint="Make the state folder writable, or set ANDIRON_HOME.",
        ) from error


async def _run(settings: Settings, paths: Paths, sockets: list[socket.socket], record: RunRecord) -> None:
    from aiohttp import web

    from andiron_daemon.app import create_app

    stop = asyncio.Event()
    _on_signals(stop.set)
    app = create_app(settings, paths, stop=stop.set)
    runner = web.AppRunner(
        app, handler_cancellation=True, access_log=None, handle_signals=False, shutdown_timeout=_HANDLERS_SECONDS
    )
    await runner.setup()
    try:
        for opened in sockets:
            await web.SockSite(runner, opened).start()
        _tell_clients(paths, record)
        _announce(settings, record)
        await stop.wait()
        _log.info("stopping")
    finally:
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
