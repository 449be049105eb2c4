"""launchd: an agent that is started again when it does not end by itself with status 0. Not tried on a Mac.

An agent in ~/Library/LaunchAgents is started at every login, so one that is not to be lies in the state folder and is
loaded from there when it is started. launchd has one delay between starts and no end of them, and starts a daemon
with wrong settings again, too; the delay is long enough to do no harm.
"""

import os
import plistlib
import re
from pathlib import Path

from andiron_installer.service.control import Logs, State
from andiron_installer.service.description import Description
from andiron_installer.service.places import home_folder
from andiron_installer.service.plan import MARK, Plan, PlannedFile
from andiron_installer.service.tool import ask_tool, run_tool

_THROTTLE_SECONDS = 30
_LABEL_PREFIX = "local."


class Launchd:
    """The user's own launchd, `user_id` saying which."""

    kind = "launchd"

    def __init__(self, user_id: int | None = None) -> None:
        self._domain = f"gui/{os.getuid() if user_id is None else user_id}"

    def plan(self, description: Description, *, autostart: bool) -> Plan:
        """Plan one property list, in the place that says whether it is started at login."""
        label = _label(description)
        return Plan(
            kind=self.kind,
            name=label,
            autostart=autostart,
            variables=description.variables,
            files=(PlannedFile(_file(description, autostart=autostart), property_list(description)),),
            before_removing=(("launchctl", "bootout", f"{self._domain}/{label}"),),
        )

    def start(self, description: Description) -> None:
        """Load the agent, from wherever it lies, which starts it."""
        target = self._target(description)
        if ask_tool(("launchctl", "print", target)).status != 0:
            files = (_file(description, autostart=autostart) for autostart in (True, False))
            file = next((file for file in files if file.exists()), _file(description, autostart=True))
            run_tool(("launchctl", "bootstrap", self._domain, str(file)))
        run_tool(("launchctl", "kickstart", target))

    def stop(self, description: Description) -> None:
        """Unload the agent, which ends it; it is loaded again at the next login or start."""
        run_tool(("launchctl", "bootout", self._target(description)))

    def state(self, description: Description) -> State:
        """Read what launchd prints of the agent."""
        answer = ask_tool(("launchctl", "print", self._target(description)))
        if answer.status != 0:
            return State(activity="stopped")
        pid = re.search(r"^\s*pid = (\d+)", answer.text, re.MULTILINE)
        if pid:
            return State(activity="running", pid=int(pid[1]))
        status = re.search(r"^\s*last exit code = (-?\d+)", answer.text, re.MULTILINE)
        if status and status[1] != "0":
            return State(activity="waiting", detail=f"it ended with exit status {status[1]}")
        return State(activity="stopped")

    def logs(self, description: Description, *, lines: int, follow: bool) -> Logs:
        """Point at the file its words go to."""
        return Logs(file=description.output_file)

    def _target(self, description: Description) -> str:
        return f"{self._domain}/{_label(description)}"


def property_list(description: Description) -> bytes:
    """Render the agent."""
    agent = {
        "Label": _label(description),
        "ProgramArguments": list(description.command),
        "EnvironmentVariables": dict(sorted(description.variables.items())),
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": _THROTTLE_SECONDS,
        "ExitTimeOut": description.stop_seconds,
        "ProcessType": "Interactive",
        "Umask": 0o077,
        "StandardOutPath": str(description.output_file),
        "StandardErrorPath": str(description.output_file),
    }
    written = plistlib.dumps(agent, sort_keys=False)
    head, _, rest = written.partition(b"\n")
    return head + f"\n<!-- {MARK} -->\n".encode() + rest


def _label(description: Description) -> str:
    return f"{_LABEL_PREFIX}{description.name}"


def _file(description: Description, *, autostart: bool) -> Path:
    name = f"{_label(description)}.plist"
    return home_folder() / "Library" / "LaunchAgents" / name if autostart else description.state_folder / name
