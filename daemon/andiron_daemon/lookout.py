"""How the daemon is, in one word and a few facts, for those who follow it; `events` carries it to them."""

import datetime
from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

from andiron_daemon import __version__
from andiron_daemon.events import BudgetUsedUp, Condition, Events, StateEvent
from andiron_daemon.runtime import Runtime
from andiron_models.backend import Backend, Opens
from andiron_models.errors import BackendUnavailableError, ModelError
from andiron_models.router import AUTO, LOCAL, Router
from andiron_models.types import BackendStatus

_BUDGET_CODE = "budget_spent"
_CANNOT_ANSWER = ("failed", "unconfigured", "unreachable")


@runtime_checkable
class Watchable(Protocol):
    """A backend that says when its state is another, without being asked."""

    def watch(self, watcher: Callable[[], None]) -> None:
        """Call the watcher then."""


class Lookout:
    """Looks, and has `watcher` called when the local engine moves; whatever else moves tells it by itself."""

    def __init__(self, router: Router, backends: Mapping[str, Backend], runtime: Runtime) -> None:
        self._router = router
        self._backends = backends
        self._runtime = runtime
        self.watcher: Callable[[], None] = lambda: None
        self._is_watching = False

    async def look(self) -> StateEvent:
        """Find out how it is."""
        await self._watch()
        statuses = {status.name: status for status in await self._router.status()}
        local = statuses.get(LOCAL)
        settings = self._runtime.view()
        failed = statuses.get(LOCAL if settings.backend == AUTO else settings.backend)
        condition = self._condition(local, failed)
        last = self._router.activity.last
        return StateEvent(
            condition=condition,
            version=__version__,
            backend=settings.backend,
            backends=settings.backends,
            models=tuple(model.id for model in local.models) if local is not None else (),
            answered_by=last.backend if last is not None else None,
            model=last.model if last is not None else _loaded_model(local),
            chat_model=settings.chat_model,
            completion_model=settings.completion_model,
            tokens_per_second=_rounded(last.tokens_per_second) if last is not None else None,
            completions_paused_until=settings.completions_paused_until,
            detail=failed.detail if condition == "failed" and failed is not None else None,
            hint=failed.hint if condition == "failed" and failed is not None else None,
        )

    def _condition(self, local: BackendStatus | None, in_force: BackendStatus | None) -> Condition:
        if local is not None and local.state == "loading":
            return "loading"
        if self._router.activity.running:
            return "generating"
        return "failed" if in_force is None or in_force.state in _CANNOT_ANSWER else "ready"

    async def _watch(self) -> None:
        if self._is_watching:
            return
        self._is_watching = True
        backend: object = self._backends.get(LOCAL)
        try:
            backend = await backend.opened() if isinstance(backend, Opens) else backend
        except BackendUnavailableError:
            return  # its status says why, and it is not tried again before the next start
        if isinstance(backend, Watchable):
            backend.watch(self._moved)

    def _moved(self) -> None:
        self.watcher()


class BudgetBell:
    """Rings once for a budget that is used up, however many requests are refused for it."""

    def __init__(self, events: Events) -> None:
        self._events = events
        self._rung: set[object] = set()

    def hear(self, error: ModelError) -> None:
        """Take an error a backend answered with."""
        day = datetime.datetime.now(datetime.UTC).date()
        if error.code == _BUDGET_CODE and day not in self._rung:
            self._rung = {day}
            self._events.tell(BudgetUsedUp(message=error.message, hint=error.hint))


def _loaded_model(local: BackendStatus | None) -> str | None:
    workers: list[dict[str, Any]] = local.engine.get("workers", []) if local is not None else []
    return next((str(worker["model"]) for worker in workers if worker.get("state") == "ready"), None)


def _rounded(speed: float | None) -> float | None:
    return round(speed, 1) if speed is not None else None
