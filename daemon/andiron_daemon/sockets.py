"""Where the daemon listens: sockets for a host and port, both loopback families, and who is in the way."""

import errno
import ipaddress
import logging
import os
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress

from andiron_daemon.errors import ConfigurationError, DaemonError

_log = logging.getLogger(__name__)
_BACKLOG = 128
_LAST_PORT = 65535
_LOOPBACK_NAMES = ("127.0.0.1", "localhost")


class PortInUseError(DaemonError):
    """Something else listens there already."""


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def listen(host: str, port: int) -> list[socket.socket]:
    """Open listening sockets; for the default loopback also on ::1, where the machine has it.

    Raises:
        PortInUseError: naming the port and, where it can be seen, the program.
        ConfigurationError: if the address cannot be listened on.
    """
    if host in _LOOPBACK_NAMES:
        first = _open(socket.AF_INET, "127.0.0.1", port)
        return [first, *_second_loopback(first.getsockname()[1])]
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError) as error:
        raise ConfigurationError(
            f"HOST is {host!r}, which is not an address of this machine: {error}", hint="Use 127.0.0.1."
        ) from error
    family, _, _, _, address = found[0]
    return [_open(family, str(address[0]), port)]


def listen_beside(host: str, ports: Sequence[str]) -> list[socket.socket]:
    """Open more listening sockets, for clients that know no other port; one that is taken is only warned of.

    Raises:
        ConfigurationError: if one is no port.
    """
    opened: list[socket.socket] = []
    for port in ports:
        if not port.isdecimal() or not 1 <= int(port) <= _LAST_PORT:
            raise ConfigurationError(
                f"ANDIRON_EXTRA_PORTS has {port!r}, but ports from 1 to {_LAST_PORT} were expected",
                hint="Write them with commas: 8012,11434.",
            )
    for port in ports:
        try:
            opened += listen(host, int(port))
        except DaemonError as error:
            _log.warning("not listening on port %s too: %s", port, error.message)
            sys.stderr.write(f"warning: not listening on port {port} too: {error.message}\n")
        else:
            _log.info("listening on port %s too", port)
    return opened


def url_of(sockets: list[socket.socket]) -> str:
    """Return the address by which this machine reaches the first socket."""
    host, port = sockets[0].getsockname()[:2]
    return url_at(reachable(host), port)


def reachable(host: str) -> str:
    """Return the address by which this machine reaches what listens at one, which may be at all of them."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 -- it is compared, not bound


def url_at(host: str, port: int) -> str:
    """Write down the URL of an address and a port."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _second_loopback(port: int) -> list[socket.socket]:
    """Listen on ::1 too, since `localhost` means that one to some clients; without IPv6 go without."""
    if not socket.has_ipv6:
        return []
    try:
        return [_open(socket.AF_INET6, "::1", port)]
    except PortInUseError as error:
        _log.warning("not listening on ::1: %s; clients that ask for localhost may reach it instead", error.message)
    except ConfigurationError as error:
        _log.info("not listening on ::1: %s", error.message)
    return []


def _open(family: int, address: str, port: int) -> socket.socket:
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:
            opened.setsockopt(socket.SOL_SOCKET, getattr(socket, "SO_EXCLUSIVEADDRUSE"), 1)  # noqa: B009 -- Windows only
        if family == socket.AF_INET6 and address != "::":
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.bind((address, port))
        opened.listen(_BACKLOG)
    except OSError as error:
        opened.close()
        raise _explained(error, address, port) from error
    opened.setblocking(False)
    return opened


def _explained(error: OSError, address: str, port: int) -> DaemonError:
    if error.errno == errno.EADDRINUSE:
        return PortInUseError(
            f"port {port} is in use by {program_on(port) or 'another program'}",
            hint="Choose another one with --port, or stop that program.",
            details={"port": port},
        )
    if error.errno == errno.EACCES:
        return ConfigurationError(
            f"PORT is {port}, which this user may not listen on", hint="Choose one above 1023 with --port."
        )
    return ConfigurationError(
        f"HOST is {address!r}, which cannot be listened on: {error.strerror}", hint="Use 127.0.0.1."
    )


def program_on(port: int) -> str | None:
    """Name the program that listens on a port, None where the system does not show it."""
    import psutil

    with suppress(psutil.Error, OSError):
        for connection in psutil.net_connections("tcp"):
            listens = connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port
            if listens and connection.pid:
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
    return None
