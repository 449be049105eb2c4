"""What can stop an update; whatever was begun is undone."""

from andiron_daemon.errors import DaemonError


class UpdateError(DaemonError):
    """The update cannot be made, or did not work; what was there before is in use."""

    status = 1
