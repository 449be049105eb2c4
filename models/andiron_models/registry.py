"""Where backends come from: the entry point group `andiron.backends`.

Each entry point names a factory `create(configuration: Configuration) -> Backend`; the name it is registered
under is the word people choose it by. The built-in `local` and `openai` come through the same door.

Nothing of a backend is imported before it is first asked something, and then off the event loop. One that
cannot be loaded does not take the others along: its status is `failed` and says why, and its verbs raise
`backend_unavailable`.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Callable, Iterable
from importlib.metadata import EntryPoint, entry_points

from andiron_models.backend import Backend
from andiron_models.configuration import Configuration
from andiron_models.errors import BackendUnavailableError, ModelError
from andiron_models.types import BackendStatus, ChatRequest, Delta, InfillRequest, ModelInfo

GROUP = "andiron.backends"
RESERVED = ("auto",)

Create = Callable[[Configuration], Backend]
_log = logging.getLogger(__name__)
_VERBS = ("models", "chat", "infill", "forget", "status", "aclose")
_OWN = "andiron_models."


def create_backends(configuration: Configuration, found: Iterable[EntryPoint] | None = None) -> dict[str, Backend]:
    """Make every registered backend, by name, without importing any of them yet.

    Args:
        configuration: what each factory is told.
        found: entry points instead of those of the installed distributions.
    """
    chosen: dict[str, EntryPoint] = {}
    for entry_point in entry_points(group=GROUP) if found is None else found:
        name = entry_point.name
        if name in RESERVED:
            _log.warning("the backend %s of %s is left out: the name is reserved", name, entry_point.value)
        elif name not in chosen or (_is_own(entry_point) and not _is_own(chosen[name])):
            chosen[name] = entry_point
        elif entry_point.value != chosen[name].value:
            _log.warning("the backend %s of %s is left out: the name is taken", name, entry_point.value)
    return {name: RegisteredBackend(entry_point, configuration) for name, entry_point in chosen.items()}


class RegisteredBackend:
    """The backend of an entry point, loaded when it is first asked something.

    A failure to load is remembered; only a new start of the daemon tries again.
    """

    def __init__(self, entry_point: EntryPoint, configuration: Configuration) -> None:
        self._entry_point = entry_point
        self._configuration = configuration
        self._lock = asyncio.Lock()
        self._backend: Backend | None = None
        self._failure: str | None = None
        self._hint = f"Mend or uninstall the package that provides {entry_point.value}."
        self._closed = False

    @property
    def name(self) -> str:
        """The word by which people choose this backend."""
        return self._entry_point.name

    async def opened(self) -> Backend:
        """Give the backend itself, for what it can do beyond the seam.

        Raises:
            BackendUnavailableError: it cannot be loaded.
        """
        return await self._loaded()

    async def models(self) -> tuple[ModelInfo, ...]:
        """List the backend's models; none when it cannot be loaded."""
        try:
            backend = await self._loaded()
        except BackendUnavailableError:
            return ()
        return await backend.models()

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        """Answer the last message."""
        async with contextlib.aclosing((await self._loaded()).chat(request)) as deltas:
            async for delta in deltas:
                yield delta

    async def infill(self, request: InfillRequest) -> AsyncGenerator[Delta, None]:
        """Fill the gap between prefix and suffix."""
        async with contextlib.aclosing((await self._loaded()).infill(request)) as deltas:
            async for delta in deltas:
                yield delta

    async def forget(self, place: str) -> None:
        """Drop what the backend keeps of a place; one that was never asked anything keeps nothing."""
        if self._backend is not None:
            await self._backend.forget(place)

    async def status(self) -> BackendStatus:
        """Say how the backend is, or why it could not be loaded."""
        try:
            backend = await self._loaded()
        except BackendUnavailableError as error:
            return BackendStatus(name=self.name, state="failed", detail=error.message, hint=error.hint)
        return await backend.status()

    async def aclose(self) -> None:
        """Close the backend if it was ever loaded."""
        async with self._lock:
            self._closed = True
            if self._backend is not None:
                await self._backend.aclose()

    async def _loaded(self) -> Backend:
        """Load the backend once.

        Raises:
            BackendUnavailableError: naming the entry point and what went wrong.
        """
        async with self._lock:
            if self._backend is None:
                self._backend = await self._load()
            return self._backend

    async def _load(self) -> Backend:
        if self._closed:
            raise BackendUnavailableError(f"the backend {self.name} is closed")
        if self._failure is None:
            try:
                create: Create = await asyncio.to_thread(self._entry_point.load)
                backend = create(self._configuration)
                self._check(backend)
            except ModelError as error:
                self._failure, self._hint = error.message, error.hint or self._hint
            except Exception as error:  # noqa: BLE001 -- an edge: a stranger's module may raise anything
                self._failure = f"{type(error).__name__}: {error}"
            else:
                return backend
            _log.error("the backend %s (%s) cannot be loaded: %s", self.name, self._entry_point.value, self._failure)
        raise BackendUnavailableError(
            f"the backend {self.name} cannot be loaded: {self._failure}",
            hint=self._hint,
            details={"entry_point": self._entry_point.value},
        )

    def _check(self, backend: Backend) -> None:
        missing = [verb for verb in _VERBS if not callable(getattr(backend, verb, None))]
        if missing:
            raise TypeError(f"what it made is no backend, it has no {', '.join(missing)}")
        if backend.name != self.name:
            raise ValueError(f"it is registered as {self.name!r} but calls itself {backend.name!r}")


def _is_own(entry_point: EntryPoint) -> bool:
    return entry_point.value.startswith(_OWN)
