"""systemd: a user unit that says when it is ready, is watched, and is started again after a crash.

The sandbox keeps to the directives that work for a user's own units; those that need more rights would keep the
service from starting. It is a seat belt, not a boundary.
"""

import re
from pathlib import Path

from andiron_installer.service.control import Activity, Logs, State
from andiron_installer.service.description import CONFIGURATION_STATUS, Description
from andiron_installer.service.errors import ServiceError, ToolError
from andiron_installer.service.places import configuration_folder
from andiron_installer.service.plan import MARK, Plan, PlannedFile
from andiron_installer.service.tool import ask_tool, run_tool

_SYSTEMCTL = ("systemctl", "--user")
# Restart delays that grow came with this version; older ones warn of the words.
_GROWING_DELAYS = 254
_PLAIN = re.compile(r"[\w@%+,./:=-]+", re.ASCII)
_ACTIVITIES: dict[str, Activity] = {
    "active": "running",
    "reloading": "running",
    "activating": "starting",
    "deactivating": "stopped",
    "inactive": "stopped",
    "failed": "failed",
}
_PROPERTIES = "ActiveState,SubState,MainPID,NRestarts,Result,StatusText,ExecMainStatus"
_SANDBOX = """\
NoNewPrivileges=yes
UMask=0077
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictNamespaces=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
MemoryMax=90%
TasksMax=1024"""


class Systemd:
    """The user's own systemd; `version` decides which words a unit may use."""

    kind = "systemd"

    def __init__(self, version: int) -> None:
        self._version = version

    def plan(self, description: Description, *, autostart: bool) -> Plan:
        """Plan one unit file; starting at login is a link that systemctl makes and removes."""
        unit = unit_name(description)
        return Plan(
            kind=self.kind,
            name=unit,
            autostart=autostart,
            variables=description.variables,
            files=(PlannedFile(unit_folder() / unit, unit_text(description, self._version).encode()),),
            after_writing=((*_SYSTEMCTL, "daemon-reload"), (*_SYSTEMCTL, "enable" if autostart else "disable", unit)),
            before_removing=((*_SYSTEMCTL, "disable", unit),),
            after_removing=((*_SYSTEMCTL, "daemon-reload"), (*_SYSTEMCTL, "reset-failed", unit)),
        )

    def start(self, description: Description) -> None:
        """Start the unit; systemctl waits until it is ready."""
        unit = unit_name(description)
        ask_tool((*_SYSTEMCTL, "reset-failed", unit))  # a unit that was given up would be refused
        try:
            run_tool((*_SYSTEMCTL, "start", unit))
        except ToolError as error:
            state = self.state(description)
            raise ServiceError(
                f"the service did not start: {state.detail or error.message}",
                hint="See why: andiron service logs",
            ) from error

    def stop(self, description: Description) -> None:
        """Stop the unit; it stays stopped until the next login or start."""
        run_tool((*_SYSTEMCTL, "stop", unit_name(description)))

    def state(self, description: Description) -> State:
        """Read the unit's properties."""
        said = run_tool((*_SYSTEMCTL, "show", unit_name(description), f"--property={_PROPERTIES}"))
        found = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
        activity = _ACTIVITIES.get(found.get("ActiveState", ""), "stopped")
        if found.get("SubState") == "auto-restart":
            activity = "waiting"
        pid = int(found.get("MainPID") or 0)
        return State(
            activity=activity,
            pid=pid or None,
            restarts=int(found.get("NRestarts") or 0),
            detail=_detail(activity, found),
        )

    def logs(self, description: Description, *, lines: int, follow: bool) -> Logs:
        """Point at the journal."""
        command = ("journalctl", "--user", "--unit", unit_name(description), "--lines", str(lines), "--no-pager")
        return Logs(command=(*command, "--follow") if follow else command)


def systemd_version() -> int | None:
    """Return the version of the user's systemd, None if none answers; asking starts none."""
    answer = ask_tool((*_SYSTEMCTL, "show", "--property=Version"))
    found = re.match(r"Version=(\d+)", answer.text)
    return int(found[1]) if answer.status == 0 and found else None


def unit_name(description: Description) -> str:
    """Name the unit."""
    return f"{description.name}.service"


def unit_folder() -> Path:
    """Where a user's own units are."""
    return configuration_folder() / "systemd" / "user"


def unit_text(description: Description, version: int) -> str:
    """Render the unit."""
    variables = "".join(
        f"Environment={quoted(f'{name}={value}')}\n" for name, value in sorted(description.variables.items())
    )
    delays = f"RestartSec={description.first_delay_seconds:g}"
    if version >= _GROWING_DELAYS:
        delays += f"\nRestartSteps=5\nRestartMaxDelaySec={description.longest_delay_seconds:g}"
    return f"""\
# {MARK}
# Changes of your own belong into: systemctl --user edit {unit_name(description)}

[Unit]
Description={description.title}
StartLimitIntervalSec={description.restart_window_seconds:g}
StartLimitBurst={description.restart_limit}

[Service]
Type=notify
NotifyAccess=main
ExecStart={_command_line(description.command)}
{variables}TimeoutStartSec={description.start_seconds}
TimeoutStopSec={description.stop_seconds}
WatchdogSec={description.watchdog_seconds}
Restart=on-failure
{delays}
RestartPreventExitStatus={CONFIGURATION_STATUS}
KillMode=mixed
OOMPolicy=continue
StandardOutput=journal
StandardError=journal
SyslogIdentifier={description.name}
{_SANDBOX}

[Install]
WantedBy=default.target
"""


def quoted(word: str) -> str:
    """Quote a word as systemd reads it: % would begin a specifier, backslashes and quotes end a word."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return escaped if _PLAIN.fullmatch(escaped) else f'"{escaped}"'


def _command_line(command: tuple[str, ...]) -> str:
    # systemd takes no program whose name has quotes or backslashes, but arguments may be anything.
    if set(command[0]) & set("\"'\\"):
        command = ("/bin/sh", "-c", 'exec "$0" "$@"', *command)
    # The colon keeps systemd from taking a $ for a variable, in the program's own name too.
    return ":" + " ".join(quoted(word) for word in command)


def _detail(activity: Activity, found: dict[str, str]) -> str:
    if activity in ("running", "starting"):
        return found.get("StatusText", "")
    status = found.get("ExecMainStatus", "0")
    if found.get("Result") in ("exit-code", "protocol") and status == str(CONFIGURATION_STATUS):
        return "a setting is wrong (exit status 78)"
    reasons = {
        "exit-code": f"it ended with exit status {status}",
        "signal": f"it was ended by signal {status}",
        "core-dump": f"it crashed with signal {status}",
        "watchdog": "it hung and was ended",
        "timeout": "it took too long",
        "start-limit-hit": "it ended too often and was given up",
        "oom-kill": "the memory was used up",
        "protocol": "it ended before it was ready",
    }
    return reasons.get(found.get("Result", ""), "")
