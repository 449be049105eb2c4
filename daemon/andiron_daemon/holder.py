"""The daemon that holds the lock, found without its run file: by who has the lock's file open, and where that listens.

Whatever answers on a port may be anybody's; whoever has the file in the state folder open is ours. No token is shown.
"""

import datetime
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from andiron_daemon.paths import Paths
from andiron_daemon.runfile import RunRecord, lock_file
from andiron_daemon.sockets import reachable, url_at

if TYPE_CHECKING:
    import psutil


def listening_holder(paths: Paths) -> RunRecord | None:
    """Describe the process that holds the lock and listens, its `version` left empty; None if the system hides it."""
    import psutil

    for process in _with_open(str(lock_file(paths).resolve())):
        with suppress(psutil.Error, OSError):
            found = _listening(process)
            if found is not None:
                host, port = found
                began = datetime.datetime.fromtimestamp(process.create_time(), datetime.UTC)
                return RunRecord(
                    pid=process.pid,
                    host=host,
                    port=port,
                    url=url_at(host, port),
                    token_path=str(paths.token_file) if paths.token_file.exists() else None,
                    version="",
                    started_at=began.isoformat(timespec="seconds"),
                )
    return None


def _with_open(file: str) -> Iterator["psutil.Process"]:
    import psutil

    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if any(opened.path == file for opened in process.open_files()):
                yield process


def _listening(process: "psutil.Process") -> tuple[str, int] | None:
    """Say by which address of this machine a process is reached; the lowest port, since all of them are one."""
    import psutil

    listens = sorted(
        (connection.laddr.port, ":" in connection.laddr.ip, connection.laddr.ip)
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    )
    if not listens:
        return None
    port, _, host = listens[0]
    return reachable(host), port
