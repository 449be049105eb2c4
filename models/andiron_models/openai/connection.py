"""One server, spoken to through the SDK: key, client, streams, the one retry, and how it went last.

What is asked and what the answer means is `backend`'s and `wire`'s affair.
"""

import asyncio
import contextlib
import functools
import logging
import math
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from andiron_models.configuration import OpenAIConfiguration
from andiron_models.errors import BackendUnavailableError, DeadlineError, ModelError, NotConfiguredError
from andiron_models.openai import wire
from andiron_models.openai.client import ReadKeyring, Server, check_key, open_client, read_keyring
from andiron_models.openai.errors import (
    before_sending,
    is_unconnected,
    mapped_errors,
    not_a_stream,
    refused_parameter,
    retry_seconds,
    unsent,
)

if TYPE_CHECKING:
    from openai import AsyncOpenAI

KEY_CHECK_SECONDS = 60.0
LIST_TIMEOUT_SECONDS = 3.0
_EVENT_STREAM = "text/event-stream"

Endpoint = Literal["chat", "completions"]
Sleep = Callable[[float], Awaitable[None]]
T = TypeVar("T")
_log = logging.getLogger(__name__)


class Connection:
    """Opens streams to one server; `failure` is why the last try failed, None after one that worked."""

    def __init__(
        self,
        configuration: OpenAIConfiguration,
        *,
        read_key: ReadKeyring = read_keyring,
        sleep: Sleep = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.server = Server(configuration.base_url)
        self.failure: ModelError | None = None
        self.closed = False
        self._configuration = configuration
        self._read_key = read_key
        self._sleep = sleep
        self._clock = clock
        self._client: AsyncOpenAI | None = None
        self._lock = asyncio.Lock()
        self._stored_key: str | None = None
        self._ask_keyring_at = -math.inf
        self._refused: dict[str, set[str]] = {}
        self._waiting: set[asyncio.Timeout] = set()
        self._drained = asyncio.Event()
        self._drained.set()

    @property
    def lacks_key(self) -> bool | None:
        """Whether the server cannot be used for want of a key; None while the keyring was not asked yet."""
        if self._configuration.api_key or self._stored_key or not self.server.is_openai:
            return False
        return True if self._clock() < self._ask_keyring_at else None

    @contextlib.asynccontextmanager
    async def stream(self, endpoint: Endpoint, arguments: dict[str, Any]) -> AsyncIterator[AsyncIterator[Any]]:
        """Open a stream of chunks, and close it however the block is left.

        Raises:
            ModelError: when it cannot be opened.
        """
        try:
            with before_sending():
                client, key = await self._ready()
            stream = await self._open(client, key, endpoint, arguments)
        except (BackendUnavailableError, DeadlineError) as error:
            self.failure = error
            if isinstance(error, NotConfiguredError):
                self._forget_stored_key()
            raise
        self.failure = None
        try:
            async with contextlib.aclosing(self._chunks(stream, key)) as chunks:
                yield chunks
        finally:
            await stream.close()

    async def model_ids(self) -> tuple[str, ...]:
        """Ask the server for its models.

        Raises:
            ModelError: when it does not answer soon.
        """
        client, key = await self._ready()
        with mapped_errors(self.server, key):
            asked = functools.partial(client.models.list, timeout=LIST_TIMEOUT_SECONDS, extra_headers=_headers(key))
            page = await self._wait(asked)
            return tuple(str(model.id) for model in page.data)

    async def aclose(self) -> None:
        """End every open wait with `backend_unavailable` and close the connections."""
        self.closed = True
        now = asyncio.get_running_loop().time()
        for waiting in self._waiting:
            waiting.reschedule(now)
        await self._drained.wait()
        if self._client is not None:
            await self._client.close()

    async def _ready(self) -> tuple["AsyncOpenAI", str | None]:
        self._refuse_when_closed()
        key = await self._key()
        if key is None and self.server.is_openai:
            raise NotConfiguredError(f"there is no key for {self.server.shown}", hint=self.server.key_hint)
        async with self._lock:
            if self._client is None:
                self._client = await asyncio.to_thread(open_client, self._configuration, self.server)
        self._refuse_when_closed()
        return self._client, key

    async def _key(self) -> str | None:
        if self._configuration.api_key:
            return check_key(self._configuration.api_key, self.server)
        async with self._lock:
            if self._stored_key is None and self._clock() >= self._ask_keyring_at:
                stored = await self._read_key(self.server.keyring_user)
                # OpenAI is no use without a key, so a key stored later is found; others are asked once.
                self._ask_keyring_at = self._clock() + (KEY_CHECK_SECONDS if self.server.is_openai else math.inf)
                self._stored_key = check_key(stored, self.server) if stored else None
        return self._stored_key

    def _forget_stored_key(self) -> None:
        """Let the keyring be asked again, for a refused key may have been replaced there."""
        if self._stored_key is not None:
            self._stored_key = None
            self._ask_keyring_at = -math.inf

    async def _open(self, client: "AsyncOpenAI", key: str | None, endpoint: Endpoint, arguments: dict[str, Any]) -> Any:
        import openai

        create: Any = client.chat.completions.create if endpoint == "chat" else client.completions.create
        refused = self._refused.setdefault(arguments["model"], set())
        retried, connected = False, False
        with mapped_errors(self.server, key):
            while True:
                sent = wire.without(arguments, refused)
                try:
                    return await self._wait(functools.partial(create, extra_headers=_headers(key), **sent))
                except openai.BadRequestError as error:
                    connected = True
                    name = refused_parameter(error)
                    if name not in wire.OPTIONAL or name not in sent:
                        raise
                    _log.info("%s does not take %s; it is left out from now on", arguments["model"], name)
                    refused.add(name)
                except openai.APIError as error:
                    connected = connected or not is_unconnected(error)
                    seconds = None if retried else retry_seconds(error)
                    if seconds is None:
                        if connected:
                            raise
                        raise unsent(error, self.server) from error
                    retried = True
                    await self._wait(functools.partial(self._sleep, seconds))

    async def _chunks(self, stream: Any, key: str | None) -> AsyncGenerator[Any, None]:
        kind = stream.response.headers.get("content-type", "")
        is_empty = True
        while True:
            with mapped_errors(self.server, key):
                try:
                    chunk = await self._wait(stream.__anext__)
                except StopAsyncIteration:
                    if is_empty and not kind.startswith(_EVENT_STREAM):
                        raise not_a_stream(self.server, kind) from None
                    return
            is_empty = False
            yield chunk

    async def _wait(self, start: Callable[[], Awaitable[T]]) -> T:
        """Wait for something that `aclose` can end."""
        self._refuse_when_closed()
        try:
            async with asyncio.timeout(None) as waiting:
                self._waiting.add(waiting)
                self._drained.clear()
                try:
                    return await start()
                finally:
                    self._waiting.discard(waiting)
                    if not self._waiting:
                        self._drained.set()
        except TimeoutError as error:
            if not self.closed:
                raise DeadlineError(f"{self.server.shown} did not answer in the time allowed") from error
            raise BackendUnavailableError("the backend openai was closed") from None

    def _refuse_when_closed(self) -> None:
        if self.closed:
            raise BackendUnavailableError("the backend openai is closed")


def _headers(key: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"} if key else {}
