"""What the tray knows of the daemon: read through its client, never by any other way."""

from dataclasses import dataclass
from typing import Literal

from andiron_daemon.client import Client, ClientError, running_daemon
from andiron_daemon.paths import Paths

Condition = Literal["stopped", "running", "silent"]


@dataclass(frozen=True)
class TrayState:
    """`silent` is a daemon that holds its lock and does not answer; `model` is /health's word for its model."""

    condition: Condition = "stopped"
    url: str | None = None
    version: str | None = None
    model: str | None = None


def read_state(paths: Paths) -> TrayState:
    """Look how the daemon of these folders is."""
    record = running_daemon(paths)
    if record is None:
        return TrayState()
    try:
        health = Client(record.url).health()
    except ClientError:
        return TrayState(condition="silent", url=record.url, version=record.version)
    return TrayState(condition="running", url=record.url, version=record.version, model=health.get("model"))
