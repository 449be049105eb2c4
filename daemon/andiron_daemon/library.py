"""The models as the daemon offers them: what there is, what is here, what fits, what is on its way.

Fetching, checking and finding are `andiron_models.library`'s affair; loading is a backend's. This puts them
together, and keeps what blocks off the event loop.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec

from andiron_daemon.errors import InvalidRequestError
from andiron_daemon.events import Events
from andiron_daemon.paths import Paths
from andiron_models.backend import Opens
from andiron_models.errors import BackendUnavailableError, ModelError, ModelFileError
from andiron_models.library.adding import remove_model
from andiron_models.library.catalogue import Catalogue, load_catalogue
from andiron_models.library.gguf_header import read_gguf_header
from andiron_models.library.hardware import Fit, fit, this_machine
from andiron_models.library.memory import DEFAULT_CONTEXT, MemoryNeed, need_of_entry, need_of_header
from andiron_models.library.pulls import Pulls, PullState
from andiron_models.library.shelf import InstalledModel, installed_models, missing_model
from andiron_models.router import LOCAL, Router
from andiron_models.types import ModelInfo


@runtime_checkable
class Loader(Protocol):
    """A backend that can load a model ahead of its first request, and unload it."""

    async def load(self, model: str) -> object:
        """Load a model."""

    async def unload(self, model: str) -> None:
        """Free a model's memory."""


class PullView(msgspec.Struct, frozen=True, kw_only=True):
    """How a model's pull is; `rate` is bytes a second."""

    state: PullState
    bytes: int = 0
    total: int | None = None
    rate: float = 0.0
    message: str | None = None


class ListedModel(ModelInfo, frozen=True, kw_only=True):
    """A model there is: what the backend tells of it, what the catalogue knows, and whether it fits here."""

    name: str = ""
    publisher: str = ""
    licence: str = ""
    parameters: int | None = None
    is_installed: bool = True
    is_reference: bool = False
    path: str | None = None
    fits: Literal["yes", "tight", "no"] | None = None
    memory: Fit | None = None
    pull: PullView | None = None


class PullStarted(msgspec.Struct, frozen=True, kw_only=True):
    """A pull is under way, or was already."""

    id: str
    total: int | None
    fits: Literal["yes", "tight", "no"] | None


class PullWarning(msgspec.Struct, frozen=True, kw_only=True):
    """The model is worth a second thought before it is fetched."""

    message: str
    memory: Fit


class PullProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How much is here, of how much, and how many bytes came a second lately."""

    bytes: int
    total: int | None
    rate: float


class PullNotice(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence for people."""

    message: str


class PullDone(msgspec.Struct, frozen=True, kw_only=True):
    """The model is here and checked."""

    id: str
    path: str


PullEvent = PullStarted | PullWarning | PullProgress | PullNotice | PullDone


class _HeaderFacts(msgspec.Struct, frozen=True):
    need: MemoryNeed
    context_length: int | None


class Library:
    """What handlers ask about models; `pulls` is closed by whoever made it."""

    def __init__(
        self,
        paths: Paths,
        router: Router,
        backends: Mapping[str, object],
        pulls: Pulls,
        *,
        context_length: int = 0,
        events: Events | None = None,
    ) -> None:
        self._models_folder = paths.models
        self._config_folder = paths.config
        self._router = router
        self._backends = backends
        self._pulls = pulls
        self._context_length = context_length or DEFAULT_CONTEXT
        self._events = events
        self._headers: dict[tuple[Path, int, int], _HeaderFacts] = {}

    async def models(self) -> tuple[ListedModel, ...]:
        """List the models of every backend, and those of the catalogue that are not here yet.

        Raises:
            CatalogueError: the person's `models.toml` cannot be meant.
        """
        told = await self._router.models()
        return await asyncio.to_thread(self._listed, told)

    async def model(self, model_id: str) -> ListedModel:
        """Find one of them.

        Raises:
            ModelNotFoundError: there is none of that id.
        """
        for model in await self.models():
            if model.id == model_id:
                return model
        raise missing_model(model_id, await self._catalogue())

    async def pull(self, model_id: str) -> AsyncGenerator[PullEvent, None]:
        """Fetch a model and tell how it goes; closing the generator stops the telling, not the pull.

        Raises:
            ModelNotFoundError: the catalogue does not know it.
            ModelError: the pull failed or was cancelled; what was fetched is kept.
        """
        catalogue = await self._catalogue()
        if model_id not in catalogue:
            raise missing_model(model_id, catalogue)
        entry = catalogue[model_id]
        found = await asyncio.to_thread(self._fit_of_entry, model_id, catalogue)
        pull = self._pulls.start(entry)
        if self._events is not None:
            self._events.watch_pull(pull)
        yield PullStarted(id=model_id, total=entry.size_bytes, fits=found.fits if found else None)
        if found is not None and found.fits != "yes":
            yield PullWarning(message=found.warning(model_id), memory=found)
        told = 0
        async for status in pull.follow():
            for sentence in status.notices[told:]:
                yield PullNotice(message=sentence)
            told = len(status.notices)
            if status.error is not None:
                raise status.error
            yield PullProgress(bytes=status.bytes, total=status.total, rate=round(status.rate))
            if status.path is not None:
                yield PullDone(id=model_id, path=status.path)

    async def cancel_pull(self, model_id: str) -> None:
        """Stop a pull; a later one goes on where it stopped.

        Raises:
            InvalidRequestError: none is running.
        """
        if not await self._pulls.cancel(model_id):
            raise InvalidRequestError(f"{model_id} is not being pulled", hint="See GET /api/v1/models.")

    async def load(self, model_id: str) -> ListedModel:
        """Load a model into memory ahead of its first request.

        Raises:
            ModelError: it is not here, does not fit, or cannot be loaded.
        """
        await (await self._loader()).load(model_id)
        return await self.model(model_id)

    async def unload(self, model_id: str) -> ListedModel:
        """Give a model's memory back; one that is not loaded stays so.

        Raises:
            ModelError: there is no such model.
        """
        await (await self._loader()).unload(model_id)
        return await self.model(model_id)

    async def remove(self, model_id: str) -> None:
        """Unload a model and delete its file, or drop the reference to one elsewhere; a pull of it is stopped.

        Raises:
            ModelNotFoundError: it is not here.
        """
        was_pulled = await self._pulls.cancel(model_id)
        catalogue = await self._catalogue()
        installed = await asyncio.to_thread(installed_models, self._models_folder, catalogue)
        if not any(model.id == model_id for model in installed):
            if was_pulled:
                return
            raise missing_model(model_id, catalogue)
        with contextlib.suppress(BackendUnavailableError):  # an engine that cannot start holds no model
            await (await self._loader()).unload(model_id)
        await asyncio.to_thread(_remove, self._models_folder, model_id, catalogue)
        if self._events is not None:
            self._events.changed()

    async def _local(self) -> object:
        """Give the local backend itself, from behind the registry if it comes from there."""
        backend = self._backends.get(LOCAL)
        return await backend.opened() if isinstance(backend, Opens) else backend

    async def _loader(self) -> Loader:
        backend = await self._local()
        if not isinstance(backend, Loader):
            raise BackendUnavailableError("there is no local engine that could load a model")
        return backend

    async def _catalogue(self) -> Catalogue:
        return await asyncio.to_thread(load_catalogue, self._config_folder)

    def _listed(self, told: tuple[ModelInfo, ...]) -> tuple[ListedModel, ...]:
        catalogue = load_catalogue(self._config_folder)
        installed = {model.id: model for model in installed_models(self._models_folder, catalogue)}
        machine = this_machine()
        rows: list[ListedModel] = []
        for info in told:
            model = installed.get(info.id) if info.backend == LOCAL else None
            fields: dict[str, Any] = {}
            found = None
            if model is not None:
                fields = {"is_reference": model.is_reference, "path": str(model.path), "size_bytes": model.size_bytes}
                facts = self._facts_of(model)
                if facts is not None:
                    found = fit(facts.need, machine)
                    fields["context_length"] = info.context_length or facts.context_length
            rows.append(self._row(info, catalogue, fields, found, is_loaded=info.state == "loaded"))
        here = {info.id for info in told if info.backend == LOCAL} | set(installed)
        for entry in catalogue.values():
            if entry.id in here:
                continue
            info = ModelInfo(
                id=entry.id,
                backend=LOCAL,
                state="available",
                context_length=entry.context_length,
                size_bytes=entry.size_bytes,
                can_chat=entry.can_chat,
                can_infill=entry.infill is not None,
            )
            entry_need = need_of_entry(entry, self._context_of(entry.context_length))
            found = fit(entry_need, machine) if entry_need is not None else None
            rows.append(self._row(info, catalogue, {"is_installed": False}, found))
        return tuple(rows)

    def _row(
        self,
        info: ModelInfo,
        catalogue: Catalogue,
        fields: Mapping[str, Any],
        found: Fit | None,
        *,
        is_loaded: bool = False,
    ) -> ListedModel:
        entry = catalogue.get(info.id) if info.backend == LOCAL else None
        known: dict[str, Any] = msgspec.structs.asdict(info) | dict(fields)
        if entry is not None:
            known |= {
                "name": entry.name,
                "publisher": entry.publisher,
                "licence": entry.licence,
                "parameters": entry.parameters,
            }
        if found is not None:
            known |= {"memory": found, "fits": "yes" if is_loaded else found.fits}
        status = self._pulls.status(info.id)
        if status is not None and info.backend == LOCAL:
            message = status.error.message if status.error is not None else None
            known["pull"] = PullView(
                state=status.state, bytes=status.bytes, total=status.total, rate=round(status.rate), message=message
            )
        return ListedModel(**known)

    def _fit_of_entry(self, model_id: str, catalogue: Catalogue) -> Fit | None:
        entry = catalogue[model_id]
        need = need_of_entry(entry, self._context_of(entry.context_length))
        return fit(need, this_machine()) if need is not None else None

    def _facts_of(self, model: InstalledModel) -> _HeaderFacts | None:
        """Look into the file's header, read once as long as the file stays as it is; None if it is broken."""
        try:
            status = model.path.stat()
            key = (model.path, status.st_size, status.st_mtime_ns)
            if key not in self._headers:
                header = read_gguf_header(model.path)
                context = self._context_of(header.context_length)
                need = need_of_header(header, context, weights_bytes=model.size_bytes)
                self._headers[key] = _HeaderFacts(need, header.context_length)
        except (OSError, ModelFileError):
            return None
        return self._headers[key]

    def _context_of(self, longest: int | None) -> int:
        return min(self._context_length, longest) if longest else self._context_length


def _remove(models_folder: Path, model_id: str, catalogue: Catalogue) -> None:
    try:
        remove_model(models_folder, model_id, catalogue)
    except OSError as error:
        raise ModelError(
            f"{model_id} cannot be removed: {error.strerror or error}", hint="Close what uses the file and try again."
        ) from error
