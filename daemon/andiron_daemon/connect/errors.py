"""What can go wrong while a client's file is changed."""

from andiron_daemon.errors import DaemonError


class ConnectError(DaemonError):
    """The client's file cannot be read or changed; it was left as it is."""

    code = "invalid_request"
