"""The local backend: which model answers, and its worker.

Completion and chat may use two models; each loaded model has one supervisor. A model that would not fit
beside the others makes idle ones leave first. What happens inside a worker is `worker`'s affair.
"""

import asyncio
import contextlib
import functools
from collections.abc import AsyncGenerator, Callable
from typing import Any, Literal

import msgspec

from andiron_models.backend import Verb
from andiron_models.configuration import Configuration, LocalConfiguration
from andiron_models.errors import (
    BackendUnavailableError,
    InvalidRequestError,
    ModelError,
    ModelNotFoundError,
    NotConfiguredError,
    WorkerDiedError,
)
from andiron_models.library.catalogue import load_catalogue
from andiron_models.library.records import read_record, update_record
from andiron_models.library.shelf import InstalledModel, find_model, installed_models
from andiron_models.local import placement, selftest, wire
from andiron_models.local.process import Launch, launch_worker
from andiron_models.local.supervisor import Supervisor
from andiron_models.local.tool_calls import with_call_required, with_calls
from andiron_models.types import (
    BackendState,
    BackendStatus,
    ChatRequest,
    Delta,
    Embeddings,
    EmbedRequest,
    InfillRequest,
    ModelInfo,
    ModelState,
    Priority,
    Sampling,
    TextRequest,
    Token,
)

Role = Literal["completion", "chat", "embedding"]
NAME = "local"
# What one message to the worker may hold, so that giving up takes effect soon.
_TEXTS_AT_ONCE = 16
_EMBEDDING_SUFFIX = " (embedding)"


class LocalBackend:
    """Answers from GGUF models on this machine."""

    def __init__(self, configuration: LocalConfiguration, launch: Launch = launch_worker) -> None:
        self._configuration = configuration
        self._launch = launch
        self._supervisors: dict[str, Supervisor] = {}
        self._models: dict[str, InstalledModel] = {}
        self._start_lock = asyncio.Lock()
        self._closed = False
        self._test_lock = asyncio.Lock()
        self._infill_verdicts: dict[str, selftest.Verdict] = {}
        self._choices: dict[tuple[Role, str | None], InstalledModel] = {}
        self._choices_made_for: tuple[int, ...] = ()
        self._watcher: Callable[[], None] = lambda: None
        self._moved_last: str | None = None

    @property
    def name(self) -> str:
        """The word by which people choose this backend."""
        return NAME

    async def models(self) -> tuple[ModelInfo, ...]:
        """List the models installed here, with what is known of them."""
        return tuple(self._model_info(model) for model in await self._installed())

    def choose(self, verb: Verb, model: str | None) -> None:
        """Have a model answer where none is named, in the place of the one that was configured."""
        field = {"chat": "chat_model", "infill": "completion_model"}[verb]
        self._configuration = msgspec.structs.replace(self._configuration, **{field: model})
        self._choices.clear()

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        """Answer the last message; background work is refused rather than load a model for it."""
        _refuse_bias(request.sampling)
        supervisor = await self._supervisor("chat", request.model)
        if request.priority is Priority.BACKGROUND and supervisor.state in ("idle", "failed"):
            raise BackendUnavailableError(f"{supervisor.name} is not loaded, and background work loads no model")
        request = with_call_required(request)
        answer = self._run(supervisor, lambda request_id: wire.Chat(id=request_id, request=request))
        async with contextlib.aclosing(with_calls(answer, request) if request.tools else answer) as deltas:
            async for delta in deltas:
                yield delta

    async def continue_text(self, request: TextRequest) -> AsyncGenerator[Delta, None]:
        """Continue a text as it stands."""
        _refuse_bias(request.sampling)
        supervisor = await self._supervisor("completion", request.model)
        async with contextlib.aclosing(
            self._run(supervisor, lambda request_id: wire.Continue(id=request_id, request=request))
        ) as deltas:
            async for delta in deltas:
                yield delta

    async def tokenize(self, text: str, *, model: str | None, special: bool, begin: bool) -> tuple[Token, ...]:
        """Cut a text into tokens."""
        supervisor = await self._supervisor("completion", model)
        told = await self._told(
            supervisor, lambda request_id: wire.Tokenize(id=request_id, text=text, special=special, begin=begin)
        )
        return told.tokens

    async def detokenize(self, tokens: tuple[int, ...], *, model: str | None) -> str:
        """Put tokens together to a text."""
        supervisor = await self._supervisor("completion", model)
        told = await self._told(supervisor, lambda request_id: wire.Detokenize(id=request_id, tokens=tokens))
        return told.text

    async def apply_template(self, request: ChatRequest) -> str:
        """Write a conversation as the model is shown it."""
        supervisor = await self._supervisor("chat", request.model)
        return (await self._told(supervisor, lambda request_id: wire.Apply(id=request_id, request=request))).text

    async def embed(self, request: EmbedRequest) -> Embeddings:
        """Embed every text, with a worker of its own."""
        supervisor = await self._supervisor("embedding", request.model)
        vectors: list[tuple[float, ...]] = []
        prompt_tokens = 0
        for start in range(0, len(request.texts), _TEXTS_AT_ONCE):
            texts = request.texts[start : start + _TEXTS_AT_ONCE]
            async with contextlib.aclosing(self._messages(supervisor, _embed(texts, cuts=request.cuts))) as messages:
                async for message in messages:
                    if isinstance(message, wire.Embedded):
                        vectors += message.vectors
                        prompt_tokens += message.prompt_tokens
        model = supervisor.name.removesuffix(_EMBEDDING_SUFFIX)
        return Embeddings(backend=NAME, model=model, vectors=tuple(vectors), prompt_tokens=prompt_tokens)

    async def infill(self, request: InfillRequest) -> AsyncGenerator[Delta, None]:
        """Fill the gap between prefix and suffix."""
        _refuse_bias(request.sampling)
        supervisor = await self._supervisor("completion", request.model)
        plainly = not await self._can_infill(supervisor)
        async with contextlib.aclosing(
            self._run(supervisor, lambda request_id: wire.Infill(id=request_id, request=request, plainly=plainly))
        ) as deltas:
            async for delta in deltas:
                yield delta

    async def load(self, model: str | None = None, role: Role = "completion") -> wire.EngineInfo:
        """Load a model ahead of its first request.

        Raises:
            ModelError: there is no such model, or it cannot be loaded.
        """
        supervisor = await self._supervisor(role, model)
        await self._start(supervisor)
        if supervisor.info is None:
            raise WorkerDiedError(f"the engine of {supervisor.name} ended as soon as it was loaded")
        return supervisor.info

    async def unload(self, model: str) -> None:
        """End a model's worker; one that is not loaded stays so."""
        found = await asyncio.to_thread(self._find, model)
        for key in (found.id, _embedding_key(found.id)):
            if key in self._supervisors:
                await self._supervisors[key].stop()

    async def forget(self, place: str) -> None:
        """Drop what the engines keep of a place, in memory and on disk."""
        for supervisor in self._supervisors.values():
            supervisor.tell(wire.Forget(place=place))
        await asyncio.to_thread(self._forget_states_on_disk)

    def _forget_states_on_disk(self) -> None:
        """Delete the files of kept states; a running worker writes its own anew when it ends, without the place."""
        for file in placement.states_folder(self._configuration).glob("states-*.bin"):
            file.unlink(missing_ok=True)

    async def status(self) -> BackendStatus:
        """Say how the engine is."""
        try:
            models = await self.models()
        except ModelError as error:
            return BackendStatus(name=NAME, state="failed", detail=error.message, hint=error.hint)
        state, failure = self._state()
        engine: dict[str, Any] = {
            "workers": [
                _describe(supervisor, self._infill_verdicts.get(supervisor.name))
                for supervisor in self._supervisors.values()
            ]
        }
        if not models:
            return BackendStatus(
                name=NAME, state="unconfigured", detail="no model is installed", hint=placement.INSTALL_HINT
            )
        return BackendStatus(
            name=NAME,
            state=state,
            models=models,
            detail=failure.message if failure else self._without_gpu(),
            hint=failure.hint if failure else None,
            engine=engine,
        )

    def _without_gpu(self) -> str | None:
        """Say that layers were to be on a GPU, where an engine runs that can use none."""
        wanted = self._configuration.gpu_layers
        loaded = [supervisor.info for supervisor in self._supervisors.values() if supervisor.info is not None]
        if not wanted or all(info.gpu_layers for info in loaded):
            return None
        return f"ANDIRON_GPU_LAYERS is {wanted}, and this build of llama.cpp uses the processor alone"

    def watch(self, watcher: Callable[[], None]) -> None:
        """Have somebody called whenever a model's engine is in another state, in place of whoever was."""
        self._watcher = watcher

    def _moved(self, key: str) -> None:
        self._moved_last = key
        self._watcher()

    async def aclose(self) -> None:
        """End every worker for good."""
        self._closed = True
        await asyncio.gather(*(supervisor.aclose() for supervisor in self._supervisors.values()))

    # -- which model

    async def _supervisor(self, role: Role, name: str | None) -> Supervisor:
        model = await asyncio.to_thread(self._choose, role, name)
        if self._closed:
            raise BackendUnavailableError("the backend local is closed")
        embeds = role == "embedding"
        key = _embedding_key(model.id) if embeds else model.id
        supervisor = self._supervisors.get(key)
        known = self._models.get(key)
        self._models[key] = model
        if supervisor is None:
            supervisor = Supervisor(
                key,
                functools.partial(self._load_of, key, embeds=embeds),
                idle_seconds=self._configuration.idle_seconds,
                launch=self._launch,
                on_change=functools.partial(self._moved, key),
            )
            self._supervisors[key] = supervisor
        elif known is not None and known.path != model.path:
            # Another file goes by the name now; what is known of the one before says nothing of it.
            self._infill_verdicts.pop(key, None)
            await supervisor.stop()
        return supervisor

    def _load_of(self, key: str, *, embeds: bool) -> wire.Load:
        others = sum(s.stats.rss_bytes for s in self._supervisors.values() if s.stats is not None)
        load = placement.plan(self._models[key], self._configuration, loaded_bytes=others)
        return msgspec.structs.replace(load, embeds=True, state_folder=None) if embeds else load

    def _choose(self, role: Role, name: str | None) -> InstalledModel:
        """Choose a model; a choice holds until a file is added to or taken from where models are kept."""
        stamp = self._stamp()
        if stamp != self._choices_made_for:
            self._choices.clear()
            self._choices_made_for = stamp
        choice = self._choices.get((role, name))
        if choice is None or not choice.path.is_file():
            choice = self._choose_anew(role, name)
            self._choices[role, name] = choice
        return choice

    def _stamp(self) -> tuple[int, ...]:
        folders = (self._configuration.models_folder, self._configuration.catalogue_folder)
        return tuple(folder.stat().st_mtime_ns for folder in folders if folder is not None and folder.is_dir())

    def _choose_anew(self, role: Role, name: str | None) -> InstalledModel:
        configured = {
            "completion": self._configuration.completion_model,
            "chat": self._configuration.chat_model,
            "embedding": self._configuration.embedding_model,
        }[role]
        if role == "embedding" and not configured:
            raise NotConfiguredError(
                "no model was chosen for embeddings", hint="Set ANDIRON_EMBEDDING_MODEL to a model that is installed."
            )
        if name or configured:
            return self._find(name or configured or "")
        models = self._list()
        if not models:
            raise BackendUnavailableError("no model is installed", hint=placement.INSTALL_HINT)
        return placement.default_model(models, "chat" if role == "chat" else "completion")

    def _find(self, name: str) -> InstalledModel:
        configuration = self._configuration
        return find_model(configuration.models_folder, name, load_catalogue(configuration.catalogue_folder))

    def _list(self) -> tuple[InstalledModel, ...]:
        """List what is in the models folder, and what was configured from elsewhere."""
        configuration = self._configuration
        known = load_catalogue(configuration.catalogue_folder)
        models = {model.id: model for model in installed_models(configuration.models_folder, known)}
        for name in (configuration.completion_model, configuration.chat_model, configuration.embedding_model):
            if name:
                with contextlib.suppress(ModelNotFoundError):  # said when it is asked for
                    model = find_model(configuration.models_folder, name, known)
                    models.setdefault(model.id, model)
        return tuple(models.values())

    async def _installed(self) -> tuple[InstalledModel, ...]:
        return await asyncio.to_thread(self._list)

    # -- running

    async def _start(self, supervisor: Supervisor) -> None:
        """Load a model, letting idle ones leave when there is no room beside them."""
        if supervisor.state == "ready":
            return
        async with self._start_lock:
            try:
                await supervisor.start()
            except placement.NoRoomBesideError:
                idle = [s for s in self._supervisors.values() if s is not supervisor and not s.is_busy]
                await asyncio.gather(*(other.stop() for other in idle))
                await supervisor.start()

    async def _run(
        self, supervisor: Supervisor, request: Callable[[int], wire.ToWorker]
    ) -> AsyncGenerator[Delta, None]:
        name = supervisor.name
        async with contextlib.aclosing(self._messages(supervisor, request)) as messages:
            async for message in messages:
                match message:
                    case wire.Taken():
                        yield Delta(backend=NAME, model=name)
                    case wire.Piece():
                        yield Delta(
                            backend=NAME,
                            model=name,
                            text=message.text,
                            logprobs=message.logprobs,
                            usage=message.usage,
                            timings=message.timings,
                        )
                    case wire.Done():
                        yield Delta(backend=NAME, model=name, finish=message.finish)
                    case _:
                        raise WorkerDiedError(f"the engine of {name} answered with {type(message).__name__}")

    async def _messages(
        self, supervisor: Supervisor, request: Callable[[int], wire.ToWorker]
    ) -> AsyncGenerator[wire.FromWorker, None]:
        await self._start(supervisor)
        async with contextlib.aclosing(supervisor.run(request)) as messages:
            async for message in messages:
                yield message

    async def _told(self, supervisor: Supervisor, request: Callable[[int], wire.ToWorker]) -> wire.Told:
        async with contextlib.aclosing(self._messages(supervisor, request)) as messages:
            async for message in messages:
                if isinstance(message, wire.Told):
                    return message
        raise WorkerDiedError(f"the engine of {supervisor.name} did not answer")

    async def _can_infill(self, supervisor: Supervisor) -> bool:
        """Tell whether a model fills gaps, by trying when it is first loaded; the outcome is recorded."""
        await self._start(supervisor)
        if supervisor.info is None or not supervisor.info.can_infill:
            return False
        known = self._infill_verdicts.get(supervisor.name)
        if known is None:
            async with self._test_lock:
                known = self._infill_verdicts.get(supervisor.name)
                if known is None:
                    known = await self._tested(supervisor)
                    self._infill_verdicts[supervisor.name] = known
        return known.passed

    async def _tested(self, supervisor: Supervisor) -> selftest.Verdict:
        folder = self._configuration.models_folder
        record = await asyncio.to_thread(read_record, folder, supervisor.name)
        if record.infill_ok is not None:
            return selftest.Verdict(passed=record.infill_ok, detail=record.infill_detail or "")
        answers = [await self._answer(supervisor, probe.request()) for probe in selftest.PROBES]
        verdict = selftest.judge(answers)
        with contextlib.suppress(OSError):  # a read-only folder only costs trying again
            await asyncio.to_thread(
                update_record, folder, supervisor.name, infill_ok=verdict.passed, infill_detail=verdict.detail
            )
        return verdict

    async def _answer(self, supervisor: Supervisor, request: InfillRequest) -> str:
        pieces: list[str] = []
        async with contextlib.aclosing(
            self._run(supervisor, lambda request_id: wire.Infill(id=request_id, request=request))
        ) as deltas:
            async for delta in deltas:
                pieces.append(delta.text)
        return "".join(pieces)

    # -- telling

    def _model_info(self, model: InstalledModel) -> ModelInfo:
        entry = model.entry
        supervisor = self._supervisors.get(model.id)
        info = supervisor.info if supervisor is not None else None
        states: dict[str, ModelState] = {"ready": "loaded", "loading": "loading", "failed": "failed"}
        return ModelInfo(
            id=model.id,
            backend=NAME,
            state=states.get(supervisor.state, "installed") if supervisor is not None else "installed",
            context_length=info.context_length if info else (entry.context_length if entry else None),
            size_bytes=model.size_bytes,
            can_chat=info.can_chat if info else (entry.can_chat if entry else True),
            can_infill=info.can_infill if info else (entry is not None and entry.infill is not None),
            can_call_tools=info is not None and info.can_call_tools,
            can_embed=self._configuration.embedding_model in (model.id, str(model.path)),
        )

    def _state(self) -> tuple[BackendState, ModelError | None]:
        """Put the states of all engines into one; a failure counts until another engine has moved since."""
        states = {supervisor.state for supervisor in self._supervisors.values()}
        if "loading" in states:
            return "loading", None
        if "ready" in states:
            return "ready", None
        last = self._supervisors.get(self._moved_last or "")
        if last is not None and last.state == "failed":
            return "failed", last.last_error
        return "idle", None


def _describe(supervisor: Supervisor, verdict: selftest.Verdict | None) -> dict[str, Any]:
    """Show one worker for `/status`."""
    description: dict[str, Any] = {
        "model": supervisor.name,
        "state": supervisor.state,
        "pid": supervisor.process_id,
        "progress": supervisor.progress,
        "restarts": supervisor.restarts,
        "last_error": supervisor.last_error.message if supervisor.last_error else None,
    }
    if verdict is not None:
        description["infill_test"] = {"passed": verdict.passed, "detail": verdict.detail}
    if supervisor.info is not None:
        description |= msgspec.structs.asdict(supervisor.info)
    if supervisor.stats is not None:
        description |= msgspec.structs.asdict(supervisor.stats)
    return description


def _refuse_bias(sampling: Sampling) -> None:
    if sampling.logit_bias:
        raise InvalidRequestError(
            f"the backend {NAME} takes no logit_bias",
            hint="Leave it out, or choose the backend openai.",
            details={"field": "logit_bias"},
        )


def _embedding_key(model_id: str) -> str:
    return model_id + _EMBEDDING_SUFFIX


def _embed(texts: tuple[str, ...], *, cuts: bool) -> Callable[[int], wire.ToWorker]:
    return lambda request_id: wire.Embed(id=request_id, texts=texts, cuts=cuts)


def create(configuration: Configuration) -> LocalBackend:
    """Make the backend; nothing is loaded until it is asked."""
    return LocalBackend(configuration.local)
