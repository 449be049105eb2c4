"""From the daemon's state to the menu, as values."""

from dataclasses import dataclass
from typing import Literal

from andiron_tray.state import TrayState

Action = Literal["start", "stop", "open_docs", "copy_url", "quit"]

_MODEL_WORDS = {
    "loaded": "model loaded",
    "loading": "model is loading",
    "idle": "model at rest",
    "failed": "model failed",
    "none": "no model",
}


@dataclass(frozen=True)
class Item:
    """One line of the menu; without an action it only tells."""

    label: str
    action: Action | None = None


def menu(state: TrayState) -> tuple[Item, ...]:
    """List the menu of a state; what cannot be done is not offered."""
    items = [Item(headline(state))]
    if state.condition == "stopped":
        items.append(Item("Start", "start"))
    else:
        items.append(Item("Stop", "stop"))
    if state.condition == "running":
        items += [Item("Open the API's documentation", "open_docs"), Item("Copy the address", "copy_url")]
    return (*items, Item("Quit the tray", "quit"))


def headline(state: TrayState) -> str:
    """Say in a line how the daemon is."""
    if state.condition == "stopped":
        return "Andiron is not running"
    if state.condition == "silent":
        return "Andiron runs and does not answer"
    word = _MODEL_WORDS.get(state.model or "", "ready")
    return f"Andiron {state.version}: {word}"
