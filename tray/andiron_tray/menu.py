"""From what is known to the menu and the words beside the icon, as values; whoever shows them adds nothing."""

import datetime
from dataclasses import dataclass, field
from typing import Literal

from andiron_tray.state import TrayState

Action = Literal[
    "start",
    "stop",
    "restart",
    "backend",
    "model",
    "pause",
    "resume",
    "open_page",
    "open_docs",
    "copy",
    "view_log",
    "start_at_login",
    "about",
    "quit",
    "quit_all",
]
Kind = Literal["line", "separator", "radio", "check"]
_LONGEST_LABEL = 60


@dataclass(frozen=True)
class Command:
    """What a click asks for; `value` is the backend or model, `on` or `off`."""

    action: Action
    value: str = ""


@dataclass(frozen=True)
class Item:
    """One line of the menu; without a command or children it only tells."""

    label: str = ""
    command: Command | None = None
    kind: Kind = "line"
    is_marked: bool = False
    children: tuple["Item", ...] = field(default=())

    @property
    def is_enabled(self) -> bool:
        """Whether there is anything to click."""
        return self.command is not None or bool(self.children)


SEPARATOR = Item(kind="separator")


def menu(state: TrayState, now: datetime.datetime, *, starts_at_login: bool) -> tuple[Item, ...]:
    """List the menu of a state; what cannot be done is not offered. `now` carries the person's time zone."""
    told = Item(headline(state))
    heading = (told, Item(_shortened(state.detail))) if state.detail and state.detail != told.label else (told,)
    return (
        *heading,
        SEPARATOR,
        *_power(state),
        *(_choices(state, now) if state.backend is not None else ()),
        SEPARATOR,
        *(_places() if state.is_running else ()),
        Item("View log", Command("view_log")),
        Item(
            "Start at login",
            Command("start_at_login", "off" if starts_at_login else "on"),
            kind="check",
            is_marked=starts_at_login,
        ),
        Item("About Andiron", Command("about")),
        SEPARATOR,
        Item("Quit tray", Command("quit")),
        *((Item("Quit tray and stop Andiron", Command("quit_all")),) if state.is_running else ()),
    )


def headline(state: TrayState) -> str:
    """Say in a line how the daemon is: model, backend and speed where it is up."""
    if state.condition == "stopped":
        return "Andiron is not running"
    if state.condition == "starting":
        return f"Loading {state.model}" if state.is_running and state.model else "Andiron is starting"
    if state.condition == "error" and state.backend is None:
        return _shortened(state.detail or "Andiron does not work")
    speed = f"{state.tokens_per_second:g} tokens/s" if state.tokens_per_second is not None else ""
    parts = (state.model or _chosen_model(state), state.answered_by or state.backend, speed)
    return " · ".join(part for part in parts if part)


def tooltip(state: TrayState) -> str:
    """Say it in the words that appear beside the icon."""
    words = {
        "stopped": "not running",
        "starting": "starting",
        "ready": "ready",
        "generating": "generating",
        "error": state.detail or "does not work",
    }
    paused = ", completions paused" if state.paused_until is not None else ""
    return _shortened(f"Andiron: {words[state.condition]}{paused}")


def _power(state: TrayState) -> tuple[Item, ...]:
    if not state.is_running:
        return () if state.condition == "starting" else (Item("Start", Command("start")),)
    return (Item("Stop", Command("stop")), Item("Restart", Command("restart")))


def _choices(state: TrayState, now: datetime.datetime) -> tuple[Item, ...]:
    backends = tuple(
        Item(name, Command("backend", name), kind="radio", is_marked=name == state.backend)
        for name in sorted(state.backends, key=_backend_order)
    )
    same = state.chat_model == state.completion_model
    models = (
        Item("Andiron's choice", Command("model"), kind="radio", is_marked=same and state.chat_model is None),
        *(
            Item(model, Command("model", model), kind="radio", is_marked=same and state.chat_model == model)
            for model in sorted(state.models)
        ),
    )
    # Two roles with a model each were chosen elsewhere; one mark could not tell that.
    roles = (
        ()
        if same
        else (
            Item(f"chat: {state.chat_model or 'Andiron chooses'}"),
            Item(f"completion: {state.completion_model or 'Andiron chooses'}"),
            SEPARATOR,
        )
    )
    return (
        SEPARATOR,
        Item("Backend", children=backends),
        Item("Model", children=(*roles, *models)),
        _pause(state, now),
    )


def _backend_order(name: str) -> tuple[int, str]:
    known = ("local", "openai", "auto")
    return (known.index(name) if name in known else len(known), name)


def _pause(state: TrayState, now: datetime.datetime) -> Item:
    if state.paused_until is None or state.paused_until <= now:
        return Item("Pause completions for an hour", Command("pause"), kind="check")
    until = state.paused_until.astimezone(now.tzinfo)
    return Item(f"Completions are paused until {until:%H:%M}", Command("resume"), kind="check", is_marked=True)


def _places() -> tuple[Item, ...]:
    return (
        Item("Open status page", Command("open_page")),
        Item("Open API docs", Command("open_docs")),
        Item("Copy URL and token", Command("copy")),
    )


def _chosen_model(state: TrayState) -> str:
    return state.completion_model or state.chat_model or ("" if state.models else "no model")


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_LABEL else line[: _LONGEST_LABEL - 1] + "…"
