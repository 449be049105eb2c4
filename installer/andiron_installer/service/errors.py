"""What can go wrong with the service; all are shown with their hint and end the command.

ServiceError            1
├── NotInstalledError   3  there is no service to act on
├── ChangedFileError    1  a file is not as it was written; a person's change is not thrown away
└── ToolError           1  the platform's own tool refused
"""

from andiron_daemon.errors import DaemonError


class ServiceError(DaemonError):
    """The root; `status` is the exit status."""

    status = 1


class NotInstalledError(ServiceError):
    """There is no service to act on."""

    status = 3

    def __init__(self) -> None:
        super().__init__("the service is not installed", hint="Install it: andiron service install")


class ChangedFileError(ServiceError):
    """A file is not as it was written."""


class ToolError(ServiceError):
    """The platform's own tool refused."""
