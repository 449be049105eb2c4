"""Running the platform's own tools (systemctl, launchctl, schtasks), with their failures as ours."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from andiron_installer.service.errors import ToolError

_PATIENCE_SECONDS = 120.0


class Answer:
    """What a tool said; `text` is both streams, stripped."""

    def __init__(self, status: int, text: str) -> None:
        self.status = status
        self.text = text


def ask_tool(command: Sequence[str]) -> Answer:
    """Run a tool and take its answer, whatever its status; one that is missing or hangs has a status too."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=_environment(),
            encoding="utf-8",
            errors="replace",
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Answer(124, f"no answer in {_PATIENCE_SECONDS:.0f} s")
    except OSError as error:
        return Answer(127, error.strerror or str(error))
    return Answer(done.returncode, done.stdout.strip())


def run_tool(command: Sequence[str]) -> str:
    """Run a tool that has to succeed and return what it said.

    Raises:
        ToolError: with the tool's own words.
    """
    answer = ask_tool(command)
    if answer.status != 0:
        raise ToolError(
            f"`{' '.join(command)}` failed: {answer.text or f'exit status {answer.status}'}",
            hint="`andiron service status` tells how the service is, `andiron service logs` what it said.",
        )
    return answer.text


def _environment() -> dict[str, str]:
    """Return the environment, with the place of the user's bus where a login by `su` or cron left it out."""
    variables = {**os.environ, "LC_ALL": "C", "SYSTEMD_PAGER": "", "SYSTEMD_COLORS": "0"}
    if "XDG_RUNTIME_DIR" not in variables and hasattr(os, "getuid"):
        place = Path(f"/run/user/{os.getuid()}")
        if place.is_dir():
            variables["XDG_RUNTIME_DIR"] = str(place)
    return variables
