"""A trial of an environment: its daemon, in a home of its own, with a copy of the database, on a free port."""

import os
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from andiron_daemon.client import Client, ClientError, wait_until_healthy
from andiron_daemon.paths import Paths, find_paths, make_private
from andiron_daemon.settings import SETTINGS
from andiron_installer.update.errors import UpdateError

_START_SECONDS = 180.0
_END_SECONDS = 30.0
_UNTOUCHED = "Nothing was changed: the version in use stays."


def try_out(python: Path, backup: Path | None) -> str:
    """Start the daemon of an environment, look whether it answers and reads the conversations; return its version.

    Raises:
        UpdateError: it does not, with what it said.
    """
    with tempfile.TemporaryDirectory(prefix="andiron-trial") as home:
        paths = find_paths(home)
        if backup is not None:
            make_private(paths.data)
            shutil.copyfile(backup, paths.database_file)
        with (Path(home) / "said").open("w+b") as said:
            daemon = subprocess.Popen(
                [str(python), "-P", "-m", "andiron_daemon", "serve", "--port=0"],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                env=_environment(home),
            )
            try:
                return _examined(paths, daemon)
            except (ClientError, UpdateError) as error:
                said.seek(0)
                words = said.read().decode("utf-8", "replace").strip()
                told = f" It said: {words[-500:]}" if words else ""
                raise UpdateError(
                    f"the new version does not work: {error.message}.{told}", hint=error.hint or _UNTOUCHED
                ) from error
            finally:
                _end(daemon)


def _examined(paths: Paths, daemon: "subprocess.Popen[bytes]") -> str:
    record = None
    tries = int(_START_SECONDS)
    while record is None and tries > 0 and daemon.poll() is None:
        tries -= 1
        record = wait_until_healthy(paths, timeout_seconds=1.0)
    if record is None:
        ended = daemon.poll()
        raise UpdateError("its daemon does not answer" if ended is None else f"its daemon ended with status {ended}")
    client = Client(record.url, paths.token_file.read_text(encoding="ascii").strip())
    if error := client.status()["storage"].get("error"):
        raise UpdateError(f"it cannot read the conversations: {error['message']}", hint=error.get("hint"))
    return record.version


def _end(daemon: "subprocess.Popen[bytes]") -> None:
    if daemon.poll() is None:
        daemon.terminate()
        with suppress(subprocess.TimeoutExpired):
            daemon.wait(_END_SECONDS)
    if daemon.poll() is None:
        daemon.kill()
        daemon.wait()


def _environment(home: str) -> dict[str, str]:
    """Return this process's variables without settings, which a trial must not depend on."""
    settings = {setting.variable for setting in SETTINGS}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANDIRON_")}
    return {name: value for name, value in kept.items() if name not in settings} | {"ANDIRON_HOME": home}
