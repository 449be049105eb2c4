"""Which backend answers a request.

Who is asked:

- a request that names a backend gets that one, and its error when it cannot answer;
- else the policy decides. `local`, `openai` or a plug-in's name is an explicit choice too: no other backend
  is ever asked in its place, so nothing leaves the machine unless it was chosen;
- `auto`, as a policy or in a request, infills locally and chats with the cloud where that is configured,
  else locally. A model named under `auto` chooses the backend that has it.

Only `auto` falls back: when the cloud cannot be reached before it sent any text, the local engine answers and
`Finish.fallback` says so. The cloud is then left alone for a while, so that a machine without a network does
not wait for it each time. A request that names a model falls back only to a backend that has it too.

How a backend works, and whether it has a model, is its own affair.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import NoReturn

import msgspec

from andiron_models.activity import Activity
from andiron_models.backend import Backend, Chooses, ContinuesText, Embeds, Opens, Tokenizes, Verb
from andiron_models.errors import (
    BackendUnavailableError,
    DeadlineError,
    InvalidRequestError,
    ModelError,
    ModelNotFoundError,
    RateLimitedError,
)
from andiron_models.types import BackendStatus, ChatRequest, Delta, Fallback, InfillRequest, ModelInfo

AUTO = "auto"
LOCAL = "local"
CLOUD = "openai"
REST_SECONDS = 30.0
LONGEST_REST_SECONDS = 600.0

Request = ChatRequest | InfillRequest
_log = logging.getLogger(__name__)
_UNREACHABLE = (BackendUnavailableError, DeadlineError, RateLimitedError)
_NOT_THERE = ("unconfigured", "failed")


class Router:
    """Answer every request with one of the backends, and close them at the end.

    Raises:
        InvalidRequestError: when the policy names no backend.
    """

    def __init__(
        self, backends: Mapping[str, Backend], policy: str = LOCAL, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._backends = dict(backends)
        self._policy = policy
        self._clock = clock
        self._resting: dict[str, tuple[float, ModelError]] = {}
        self.activity = Activity()
        if policy != AUTO:
            self._named(policy)

    @property
    def policy(self) -> str:
        """Who answers a request that names no backend."""
        return self._policy

    @property
    def backends(self) -> tuple[str, ...]:
        """The names of the backends there are."""
        return tuple(self._backends)

    def choose_policy(self, policy: str) -> None:
        """Have another one answer from the next request on.

        Raises:
            InvalidRequestError: when it names no backend.
        """
        if policy != AUTO:
            self._named(policy)
        self._policy = policy

    async def choose_local_model(self, verb: Verb, model: str | None) -> None:
        """Have the local engine answer with a model where none is named; None leaves the choice to it.

        Raises:
            BackendUnavailableError: it cannot be loaded.
        """
        local: object = self._backends.get(LOCAL)
        local = await local.opened() if isinstance(local, Opens) else local
        if isinstance(local, Chooses):
            local.choose(verb, model)

    async def chat(self, request: ChatRequest, backend: str | None = None) -> AsyncGenerator[Delta, None]:
        """Answer the last message; `backend` overrides the policy."""
        async with contextlib.aclosing(self._answer("chat", request, backend)) as deltas:
            async for delta in deltas:
                yield delta

    async def infill(self, request: InfillRequest, backend: str | None = None) -> AsyncGenerator[Delta, None]:
        """Fill the gap; `backend` overrides the policy."""
        async with contextlib.aclosing(self._answer("infill", request, backend)) as deltas:
            async for delta in deltas:
                yield delta

    async def models(self) -> tuple[ModelInfo, ...]:
        """List every backend's models; one that cannot list its own is logged and left out."""
        found = await asyncio.gather(*(self._models_of(backend) for backend in self._backends.values()))
        return tuple(model for models in found for model in models)

    async def chat_models(self, model: str | None = None, backend: str | None = None) -> tuple[ModelInfo, ...]:
        """List the models that may come to answer a chat, so that a prompt can be made to fit all of them.

        Raises:
            InvalidRequestError: for an unknown backend.
            ModelNotFoundError: under `auto`, for a model no backend has.
        """
        chosen = await self._choose("chat", ChatRequest(messages=(), model=model), backend)
        found = await asyncio.gather(*(self._models_of(candidate) for candidate in chosen if candidate is not None))
        return tuple(info for infos in found for info in infos if info.can_chat and model in (None, info.id))

    async def tokenizer(self, model: str | None = None, backend: str | None = None) -> Tokenizes:
        """Find who shows how its models see text.

        Raises:
            InvalidRequestError: for an unknown backend, or one that cannot do this.
            ModelNotFoundError: under `auto`, for a model no backend has.
        """
        found = await self._opened(model, backend)
        return found if isinstance(found, Tokenizes) else _cannot(found, "show its tokens")

    async def continuer(self, model: str | None = None, backend: str | None = None) -> ContinuesText:
        """Find who continues a text as it stands; raises as `tokenizer` does."""
        found = await self._opened(model, backend)
        return found if isinstance(found, ContinuesText) else _cannot(found, "continue a text as it stands")

    async def embedder(self, model: str | None = None, backend: str | None = None) -> Embeds:
        """Find who embeds texts; raises as `tokenizer` does."""
        found = await self._opened(model, backend)
        return found if isinstance(found, Embeds) else _cannot(found, "embed")

    async def _opened(self, model: str | None, backend: str | None) -> Backend:
        """Choose as for a gap: under `auto`, this machine."""
        chosen, _ = await self._choose("infill", InfillRequest(prefix="", model=model), backend)
        # Only what stays on this machine may be reached past the guards that stand before a backend.
        return await chosen.opened() if chosen.name == LOCAL and isinstance(chosen, Opens) else chosen

    async def status(self) -> tuple[BackendStatus, ...]:
        """Say how every backend is."""
        return tuple(await asyncio.gather(*(backend.status() for backend in self._backends.values())))

    async def forget(self, place: str) -> None:
        """Have every backend drop what it keeps of a place."""
        await asyncio.gather(*(backend.forget(place) for backend in self._backends.values()))

    async def aclose(self) -> None:
        """Close every backend, also when closing one fails."""
        async with contextlib.AsyncExitStack() as stack:
            for backend in self._backends.values():
                stack.push_async_callback(backend.aclose)

    async def _answer(self, verb: Verb, request: Request, backend: str | None) -> AsyncGenerator[Delta, None]:
        first, second = await self._choose(verb, request, backend)
        if second is None:
            async with contextlib.aclosing(self._deltas(first, verb, request)) as deltas:
                async for delta in deltas:
                    yield delta
            return
        error = self._rest_of(first)
        if error is None:
            try:
                async with contextlib.aclosing(_held_until_text(self._deltas(first, verb, request))) as deltas:
                    async for delta in deltas:
                        yield delta
                return
            except _UnreachableBeforeText as before_text:
                error = before_text.error
        async with contextlib.aclosing(self._fall_back(first, second, error, verb, request)) as deltas:
            async for delta in deltas:
                yield delta

    async def _fall_back(
        self, first: Backend, second: Backend, error: ModelError, verb: Verb, request: Request
    ) -> AsyncGenerator[Delta, None]:
        """Answer with the second backend and say why; a cloud that turns out to lack a key is no news."""
        fallback: Fallback | None = None
        if (await first.status()).state != "unconfigured":
            fallback = Fallback(from_backend=first.name, code=error.code, message=error.message)
            self._rest(first, error)
        try:
            async with contextlib.aclosing(self._deltas(second, verb, request)) as deltas:
                async for delta in deltas:
                    yield delta if delta.finish is None else _with_fallback(delta, fallback)
        except ModelError as second_error:
            if fallback is not None:
                second_error.details["fallback"] = msgspec.to_builtins(fallback)
            raise

    async def _deltas(self, backend: Backend, verb: Verb, request: Request) -> AsyncGenerator[Delta, None]:
        """Ask one backend, and note that it is at work."""
        source = backend.chat(request) if isinstance(request, ChatRequest) else backend.infill(request)
        with self.activity.generating():
            async with contextlib.aclosing(source) as deltas:
                async for delta in deltas:
                    if delta.finish is not None:
                        self.activity.answered(delta.backend, delta.model, delta.finish)
                    yield delta

    async def _choose(self, verb: Verb, request: Request, name: str | None) -> tuple[Backend, Backend | None]:
        """Pick who is asked, and who is asked instead when that one cannot be reached."""
        name = name or self._policy
        if name != AUTO:
            return self._named(name), None
        order = [LOCAL] if verb == "infill" else [CLOUD, LOCAL]
        candidates = [self._backends[candidate] for candidate in order if candidate in self._backends]
        if request.model is not None:
            owners = await self._owners(request.model)
            candidates = [backend for backend in candidates if backend in owners] or owners[:1]
        elif len(candidates) > 1 and (await candidates[0].status()).state in _NOT_THERE:
            candidates = candidates[1:]
        if not candidates:
            self._named(LOCAL)
        return candidates[0], candidates[1] if len(candidates) > 1 else None

    async def _owners(self, model: str) -> list[Backend]:
        """Find the backends that have a model; none, or several that `auto` cannot tell apart, is an error."""
        known = await self.models()
        names = {info.backend for info in known if info.id == model}
        owners = [backend for name, backend in self._backends.items() if name in names]
        if not owners:
            ids = ", ".join(sorted({info.id for info in known})) or "none"
            raise ModelNotFoundError(
                f"no backend has a model {model!r}", hint=f"The models are: {ids}.", details={"model": model}
            )
        if len(owners) > 1 and not names & {LOCAL, CLOUD}:
            raise InvalidRequestError(
                f"several backends have a model {model!r}", hint=f"Name one as backend: {', '.join(sorted(names))}."
            )
        return owners

    async def _models_of(self, backend: Backend) -> tuple[ModelInfo, ...]:
        try:
            return await backend.models()
        except ModelError as error:
            _log.warning("%s cannot list its models: %s", backend.name, error.message)
            return ()

    def _named(self, name: str) -> Backend:
        if name not in self._backends:
            known = ", ".join([AUTO, *self._backends])
            raise InvalidRequestError(
                f"there is no backend {name!r}", hint=f"The backends are: {known}.", details={"field": "backend"}
            )
        return self._backends[name]

    def _rest(self, backend: Backend, error: ModelError) -> None:
        if backend.name not in self._resting:
            seconds = min(error.details.get("retry_after_seconds", REST_SECONDS), LONGEST_REST_SECONDS)
            self._resting[backend.name] = (self._clock() + seconds, error)
            _log.warning("%s is left alone for %.0f s: %s", backend.name, seconds, error.message)

    def _rest_of(self, backend: Backend) -> ModelError | None:
        """Say why a backend is left alone for now."""
        until, error = self._resting.get(backend.name, (0.0, None))
        if error is not None and self._clock() >= until:
            del self._resting[backend.name]
            return None
        return error


class _UnreachableBeforeText(Exception):  # noqa: N818 -- a signal between two functions here, never seen outside
    def __init__(self, error: ModelError) -> None:
        super().__init__(error.message)
        self.error = error


async def _held_until_text(deltas: AsyncGenerator[Delta, None]) -> AsyncGenerator[Delta, None]:
    """Pass deltas on from the first that says something, so that no answer begins in another's name.

    Raises:
        _UnreachableBeforeText: when the backend could not be reached before that.
    """
    said = False
    async with contextlib.aclosing(deltas):
        try:
            async for delta in deltas:
                said = said or bool(delta.text) or delta.finish is not None
                if said:
                    yield delta
        except _UNREACHABLE as error:
            if said:
                raise
            raise _UnreachableBeforeText(error) from error


def _with_fallback(delta: Delta, fallback: Fallback | None) -> Delta:
    assert delta.finish is not None
    return msgspec.structs.replace(delta, finish=msgspec.structs.replace(delta.finish, fallback=fallback))


def _cannot(backend: Backend, what: str) -> NoReturn:
    raise InvalidRequestError(f"the backend {backend.name} cannot {what}", hint=f"Name another one; {LOCAL} can.")
