"""What may change while the daemon runs: who answers, with which model, and whether code is completed at all.

A change takes effect with the next request. It also lasts: it is written into the person's `andiron.toml`, the
place `andiron models use` writes to, so that no second truth arises beside the settings. Where the command line,
the environment or a `.env` says otherwise, or the file cannot be written, it holds until the daemon ends, and
`until_restart` says so. A pause is noted in the database, because it outlives a crash but is no setting.
"""

import asyncio
import datetime
import logging
from collections.abc import Callable
from typing import Annotated, Protocol

import msgspec
from msgspec import UNSET, Meta, UnsetType

from andiron_daemon.errors import ConfigurationError, InvalidRequestError, StorageError
from andiron_daemon.paths import Paths
from andiron_daemon.settings import Settings
from andiron_daemon.settings_file import write_setting
from andiron_models.backend import Verb
from andiron_models.errors import ModelNotFoundError
from andiron_models.router import AUTO, LOCAL, Router

PAUSE = "completions_paused_until"
LONGEST_PAUSE = datetime.timedelta(days=7)
# A machine that slept is found out within this.
_LOOK_SECONDS = 60.0
_ROLES: dict[str, Verb] = {"chat_model": "chat", "completion_model": "infill"}
_log = logging.getLogger(__name__)


class Notes(Protocol):
    """Where a word is kept between two runs."""

    async def get(self, name: str) -> str | None:
        """Return a value, None if there is none."""

    async def put(self, name: str, value: str) -> None:
        """Keep a value in place of the one before."""


class RuntimeChange(msgspec.Struct, frozen=True, kw_only=True):
    """What to change; what is left out stays. A model of null is left to Andiron's own choice."""

    backend: str | UnsetType = UNSET
    chat_model: str | UnsetType | None = UNSET
    completion_model: str | UnsetType | None = UNSET
    completions_paused_until: Annotated[datetime.datetime, Meta(tz=True)] | UnsetType | None = UNSET


class RuntimeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What holds now; `until_restart` names what the next start of the daemon will not find again."""

    backend: str
    backends: tuple[str, ...]
    chat_model: str | None
    completion_model: str | None
    completions_paused_until: datetime.datetime | None
    until_restart: tuple[str, ...] = ()


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


class Runtime:
    """One for the daemon; `on_change` is called after every change, with the names of what was changed."""

    def __init__(
        self,
        settings: Settings,
        paths: Paths,
        router: Router,
        notes: Notes,
        *,
        now: Callable[[], datetime.datetime] = _now,
    ) -> None:
        self._sources = settings.sources
        self._paths = paths
        self._router = router
        self._notes = notes
        self._now = now
        self._lock = asyncio.Lock()
        self._models: dict[str, str | None] = {
            "chat_model": settings.chat_model or None,
            "completion_model": settings.completion_model or None,
        }
        self._paused_until: datetime.datetime | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._until_restart: set[str] = set()
        self.on_change: Callable[[frozenset[str]], None] = lambda _: None

    @property
    def paused_until(self) -> datetime.datetime | None:
        """When completions go on; None while they do."""
        if self._paused_until is not None and self._paused_until <= self._now():
            self._paused_until = None
        return self._paused_until

    @property
    def is_paused(self) -> bool:
        """Whether no code is to be completed now."""
        return self.paused_until is not None

    async def restore(self) -> None:
        """Find the pause of the run before again; without a database there is none."""
        try:
            noted = await self._notes.get(PAUSE)
        except StorageError as error:
            _log.info("a pause of completions may be forgotten: %s", error.message)
            return
        if noted and self._paused_until is None:
            self._set_pause(_pause_of(noted, self._now()))
            self.on_change(frozenset((PAUSE,)))

    def view(self) -> RuntimeSettings:
        """Show what holds now."""
        return RuntimeSettings(
            backend=self._router.policy,
            backends=(AUTO, *self._router.backends),
            completions_paused_until=self.paused_until,
            until_restart=tuple(sorted(self._until_restart)),
            chat_model=self._models["chat_model"],
            completion_model=self._models["completion_model"],
        )

    async def change(self, change: RuntimeChange) -> RuntimeSettings:
        """Change what is given, all of it or nothing.

        Raises:
            InvalidRequestError: there is no such backend, or the pause is too long.
            ModelNotFoundError: a model is not on this machine.
        """
        async with self._lock:
            given = _given(change)
            await self._check(change, given)
            for name, verb in _ROLES.items():
                if name in given:
                    await self._router.choose_local_model(verb, given[name])
                    self._models[name] = given[name]
                    await self._keep(name, given[name])
            if change.backend is not UNSET:
                self._router.choose_policy(change.backend)
                await self._keep("backend", change.backend)
            if change.completions_paused_until is not UNSET:
                await self._pause(change.completions_paused_until)
            if msgspec.to_builtins(change):
                self.on_change(frozenset(msgspec.to_builtins(change)))
            return self.view()

    async def _check(self, change: RuntimeChange, models: dict[str, str | None]) -> None:
        names = (AUTO, *self._router.backends)
        if change.backend is not UNSET and change.backend not in names:
            hint = f"The backends are: {', '.join(names)}."
            raise InvalidRequestError(
                f"there is no backend {change.backend!r}", hint=hint, details={"field": "backend"}
            )
        until = change.completions_paused_until
        if isinstance(until, datetime.datetime) and until > self._now() + LONGEST_PAUSE:
            raise InvalidRequestError(
                f"{PAUSE} is {until.isoformat()}, more than {LONGEST_PAUSE.days} days from now",
                hint="Pause for less; an editor can switch completion off for good.",
                details={"field": PAUSE},
            )
        asked = {name: model for name, model in models.items() if model is not None}
        if asked:
            here = {info.id: info.can_chat for info in await self._router.models() if info.backend == LOCAL}
            for name, model in asked.items():
                if name == "chat_model" and not here.get(model, True):
                    raise InvalidRequestError(
                        f"{model} is for completion only",
                        hint="Choose it as completion_model.",
                        details={"field": name},
                    )
                if model not in here:
                    raise ModelNotFoundError(
                        f"{name} is {model!r}, which is not on this machine",
                        hint=f"The models here are: {', '.join(sorted(here)) or 'none'}. Others: andiron models pull.",
                        details={"model": model},
                    )

    async def _keep(self, name: str, value: str | None) -> None:
        """Write a choice down where nothing would overrule it at the next start."""
        self._until_restart.discard(name)
        source = self._sources.get(name, "")
        if source not in ("", str(self._paths.settings_file)):
            self._until_restart.add(name)
            return
        try:
            await asyncio.to_thread(write_setting, self._paths, name, value)
        except ConfigurationError as error:
            self._until_restart.add(name)
            _log.warning("%s holds only until the daemon ends: %s", name, error.message)

    async def _pause(self, until: datetime.datetime | None) -> None:
        self._set_pause(until if until is not None and until > self._now() else None)
        self._until_restart.discard(PAUSE)
        try:
            await self._notes.put(PAUSE, self._paused_until.isoformat() if self._paused_until else "")
        except StorageError as error:
            self._until_restart.add(PAUSE)
            _log.warning("the pause of completions holds only until the daemon ends: %s", error.message)

    def _set_pause(self, until: datetime.datetime | None) -> None:
        """Take a pause, and tell once more when it is over."""
        if self._timer is not None:
            self._timer.cancel()
        self._paused_until, self._timer = until, None
        if until is not None:
            self._wait_for_the_end(until)

    def _wait_for_the_end(self, until: datetime.datetime) -> None:
        """Tell when a pause is over: by the clock on the wall, which a timer keeps no step with for long."""
        seconds = min((until - self._now()).total_seconds(), _LOOK_SECONDS)
        self._timer = asyncio.get_running_loop().call_later(max(0.0, seconds), self._look_at_the_clock, until)

    def _look_at_the_clock(self, until: datetime.datetime) -> None:
        if self.is_paused:
            self._wait_for_the_end(until)
        else:
            self._timer = None
            self.on_change(frozenset((PAUSE,)))


def _given(change: RuntimeChange) -> dict[str, str | None]:
    """Return the models that are given, null among them."""
    given = {"chat_model": change.chat_model, "completion_model": change.completion_model}
    return {name: model for name, model in given.items() if model is not UNSET}


def _pause_of(noted: str, now: datetime.datetime) -> datetime.datetime | None:
    """Read a pause that was noted; one that is over, or that a clock set back has made too long, is none."""
    try:
        until = datetime.datetime.fromisoformat(noted)
    except ValueError:
        return None
    if until.tzinfo is None or not now < until <= now + LONGEST_PAUSE:
        return None
    return until
