"""What the tray knows of the daemon, as a value: made from the events `follower` hears, shown by `menu`."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Condition = Literal["stopped", "starting", "ready", "generating", "error"]
_CONDITIONS: dict[str, Condition] = {
    "ready": "ready",
    "loading": "starting",
    "generating": "generating",
    "failed": "error",
}


@dataclass(frozen=True)
class TrayState:
    """How the daemon is; `is_running` is whether one holds its lock, `detail` and `hint` say what is the matter."""

    condition: Condition = "stopped"
    is_running: bool = False
    version: str | None = None
    backend: str | None = None
    backends: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    model: str | None = None
    answered_by: str | None = None
    chat_model: str | None = None
    completion_model: str | None = None
    tokens_per_second: float | None = None
    paused_until: datetime.datetime | None = None
    detail: str | None = None
    hint: str | None = None


STOPPED = TrayState()
STARTING = TrayState(condition="starting")
SILENT = TrayState(
    condition="error",
    is_running=True,
    detail="Andiron runs and does not answer",
    hint="It may be busy starting; else see the log.",
)
DIED = TrayState(
    condition="error", detail="Andiron ended unexpectedly", hint="Start it again; the log tells what happened."
)


def state_of(told: Mapping[str, Any]) -> TrayState:
    """Read a `state` event of the daemon; what a newer or older one tells otherwise is passed over."""
    until = told.get("completions_paused_until")
    return TrayState(
        condition=_CONDITIONS.get(str(told.get("condition")), "ready"),
        is_running=True,
        version=told.get("version"),
        backend=told.get("backend"),
        backends=tuple(told.get("backends", ())),
        models=tuple(told.get("models", ())),
        model=told.get("model"),
        answered_by=told.get("answered_by"),
        chat_model=told.get("chat_model"),
        completion_model=told.get("completion_model"),
        tokens_per_second=told.get("tokens_per_second"),
        paused_until=datetime.datetime.fromisoformat(until) if until else None,
        detail=told.get("detail"),
        hint=told.get("hint"),
    )
