"""From what is there to what will be done, as values: what is printed first, and what it will take."""

from dataclasses import dataclass
from pathlib import Path

from andiron_installer.bootstrap.checks import Need
from andiron_installer.bootstrap.environment import EXPLANATIONS, State
from andiron_installer.bootstrap.offers import Offer

# Seen with Python 3.11 on Linux, and rounded up.
_ENVIRONMENT_BYTES = 400_000_000
_TESTS_BYTES = 200_000_000
_BUILD_BYTES = 700_000_000
_MODEL_BYTES = 1_200_000_000
_BUILD_CORE_MINUTES = 12

_ENGINE: dict[Offer, str] = {
    "installed": "llama.cpp, in place",
    "kept": "llama.cpp, built here before",
    "prebuilt": "llama.cpp, a prebuilt wheel is offered",
    "cached": "llama.cpp, in pip's cache",
    "source": "llama.cpp, to be built from source: about {minutes} min on {cores} cores",
}


@dataclass(frozen=True)
class Wish:
    """What the command line asked for."""

    extras: tuple[str, ...] = ()
    model: str | None = None
    with_model: bool = True
    start: bool = True


def needs(state: State, wish: Wish, environment: Path, temporary: Path, user: Path) -> list[Need]:
    """List the room that is needed; nothing for an environment that is in place."""
    if state == "ready":
        return []
    environment_bytes = _ENVIRONMENT_BYTES + (_TESTS_BYTES if "test" in wish.extras else 0)
    listed = [Need("the environment", environment, environment_bytes)]
    if state != "outdated":
        listed.append(Need("building the engine", temporary, _BUILD_BYTES))
    if wish.with_model:
        listed.append(Need("the model", user, _MODEL_BYTES))
    return listed


def engine_line(offer: Offer, cores: int) -> str:
    """Say where the engine comes from, and how long it may take."""
    minutes = max(1, round(_BUILD_CORE_MINUTES / cores))
    return _ENGINE[offer].format(minutes=minutes, cores=cores)


def outline(state: State, wish: Wish, environment: Path) -> list[tuple[str, str]]:
    """List the steps and what each will do, as far as it is known before the index was asked."""
    lines = [("environment", f"{environment}, {EXPLANATIONS[state]}")]
    if state != "ready":
        more = f" (with {', '.join(wish.extras)})" if wish.extras else ""
        lines.append(("engine", "llama.cpp: a prebuilt wheel where one is offered, else built from source"))
        lines.append(("packages", f"Andiron and what it needs{more}"))
    if wish.with_model:
        lines.append(("model", wish.model or "the one that fits this machine"))
    if wish.start:
        lines.append(("daemon", "started, then asked for a completion and an answer"))
    return lines
