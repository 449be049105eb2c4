"""Windows: a scheduled task at logon, which runs our own supervisor. Not tried on Windows.

Whether a task that ends with an error counts as failed is not documented, so the supervisor starts the daemon again
and the task starts the supervisor again. A task has no variables of its own; the supervisor is told the home.
"""

import os
import subprocess
from pathlib import PureWindowsPath
from xml.sax.saxutils import escape

from andiron_installer.service.control import Logs, State
from andiron_installer.service.description import Description
from andiron_installer.service.plan import MARK, Plan, PlannedFile
from andiron_installer.service.supervised import read_state, stop_supervised
from andiron_installer.service.tool import ask_tool, run_tool

_SHORTEST_INTERVAL = "PT1M"


class WindowsTask:
    """The task scheduler, acting for `user` (DOMAIN\\name)."""

    kind = "scheduled task"

    def __init__(self, user: str | None = None) -> None:
        domain, name = os.environ.get("USERDOMAIN", ""), os.environ.get("USERNAME", "")
        self._user = user or (f"{domain}\\{name}" if domain else name)

    def plan(self, description: Description, *, autostart: bool) -> Plan:
        """Plan the task's XML, and the command that reads it."""
        file = description.state_folder / f"{description.name}.task.xml"
        return Plan(
            kind=self.kind,
            name=description.name,
            autostart=autostart,
            variables=description.variables,
            files=(PlannedFile(file, task_xml(description, self._user, autostart=autostart)),),
            after_writing=(("schtasks", "/Create", "/TN", description.name, "/XML", str(file), "/F"),),
            before_removing=(("schtasks", "/Delete", "/TN", description.name, "/F"),),
        )

    def start(self, description: Description) -> None:
        """Run the task now."""
        run_tool(("schtasks", "/Run", "/TN", description.name))

    def stop(self, description: Description) -> None:
        """End the daemon as it ends itself, then the task if it still runs."""
        stop_supervised(description)
        ask_tool(("schtasks", "/End", "/TN", description.name))

    def state(self, description: Description) -> State:
        """Ask the supervisor's record, which no language of the system changes."""
        return read_state(description)

    def logs(self, description: Description, *, lines: int, follow: bool) -> Logs:
        """Point at the file its words go to."""
        return Logs(file=description.output_file)


def task_xml(description: Description, user: str, *, autostart: bool) -> bytes:
    """Render the task: UTF-16 with a byte order mark, its elements in the order of the schema."""
    program, *arguments = description.supervisor_command
    home = description.variables.get("ANDIRON_HOME")
    line = subprocess.list2cmdline([*arguments, *(["--home", home] if home else [])])
    text = f"""\
<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>{escape(f"{description.title}. {MARK}")}</Description>
  </RegistrationInfo>
  <Triggers>
    <LogonTrigger>
      <Enabled>{str(autostart).lower()}</Enabled>
      <UserId>{escape(user)}</UserId>
    </LogonTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>{escape(user)}</UserId>
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <AllowHardTerminate>true</AllowHardTerminate>
    <StartWhenAvailable>false</StartWhenAvailable>
    <RunOnlyIfNetworkAvailable>false</RunOnlyIfNetworkAvailable>
    <IdleSettings>
      <StopOnIdleEnd>false</StopOnIdleEnd>
      <RestartOnIdle>false</RestartOnIdle>
    </IdleSettings>
    <AllowStartOnDemand>true</AllowStartOnDemand>
    <Enabled>true</Enabled>
    <Hidden>false</Hidden>
    <RunOnlyIfIdle>false</RunOnlyIfIdle>
    <WakeToRun>false</WakeToRun>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>5</Priority>
    <RestartOnFailure>
      <Interval>{_SHORTEST_INTERVAL}</Interval>
      <Count>{description.restart_limit}</Count>
    </RestartOnFailure>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>{escape(_windowless(program))}</Command>
      <Arguments>{escape(line)}</Arguments>
    </Exec>
  </Actions>
</Task>
"""
    return b"\xff\xfe" + text.replace("\n", "\r\n").encode("utf-16-le")


def _windowless(program: str) -> str:
    """Name the Python that opens no console window, where the program is a Python."""
    path = PureWindowsPath(program)
    return str(path.with_name("pythonw.exe")) if path.name.lower() == "python.exe" else program
