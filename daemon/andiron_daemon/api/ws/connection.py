"""One client's session: frames in, work begun, replies out, each under its request's id.

    waiting ──a turn is free──► running ──► replied
       └──────── cancel ───────────┴──────► replied as cancelled

A request runs behind a pump of its own, whose bounded buffer holds the source back when the client reads
slowly; requests take turns at the socket, so that none waits for another's text. How frames travel is
`http`'s affair, what they ask for `commands`'.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable
from contextlib import aclosing, suppress
from typing import Any

import msgspec

from andiron_daemon.answers import Started, TextDelta
from andiron_daemon.api.dispatch import COMPLETION
from andiron_daemon.api.ws import messages
from andiron_daemon.api.ws.commands import CANCEL, PING, Command, find_command, read_request
from andiron_daemon.api.ws.messages import Frame, Identifier, MalformedFrameError
from andiron_daemon.errors import InvalidRequestError, NotFoundError
from andiron_daemon.identifiers import REQUEST_ID, new_id
from andiron_daemon.limits.buckets import Class
from andiron_daemon.middleware.errors import describe_failure
from andiron_daemon.pump import Pump
from andiron_daemon.services import Services
from andiron_models.errors import QueueFullError

_RUNNING_AT_ONCE = 64
_HELD_BYTES = 16 * 1024 * 1024
_REQUEST_BYTES = 1024  # what a request takes besides its frame, roughly


class ClientLeftError(ConnectionError):
    """Nobody is there any more to be sent a frame."""


class _Request(msgspec.Struct, kw_only=True):
    """One request under way."""

    identifier: Identifier
    request_id: str
    command: Command
    pump: Pump[msgspec.Struct]
    is_streamed: bool
    size_bytes: int


class Connection:
    """A session over `send`, which waits while the client reads slowly and raises ConnectionError once it left.

    So do `take` and `refuse_binary`, as ClientLeftError.
    """

    def __init__(self, services: Services, send: Callable[[bytes], Awaitable[None]], client: Hashable = None) -> None:
        self._services = services
        self._send_frame = send
        self._client = client
        self._sending = asyncio.Lock()
        self._turns = asyncio.Semaphore(_RUNNING_AT_ONCE)
        self._requests: dict[Identifier, _Request] = {}
        self._held_bytes = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def take(self, data: bytes) -> None:
        """Do what a text frame asks for; answers come later, mistakes are told at once."""
        identifier: Identifier | None = None
        request_id = new_id()
        try:
            frame = messages.read_frame(data)
            identifier = frame.id
            self._services.counters.count_request("WS /ws")
            if frame.type == PING:
                await self._send(messages.pong(frame.id))
            elif frame.type == CANCEL:
                self._cancel(frame)
            else:
                self._begin(frame, request_id, len(data))
        except MalformedFrameError as error:
            await self._fail(error.frame_id, error, request_id)
        except ClientLeftError:
            raise
        except Exception as error:  # noqa: BLE001 -- the socket's edge
            await self._fail(identifier, error, request_id)

    async def refuse_binary(self) -> None:
        """Say that only text is taken."""
        error = InvalidRequestError("binary frames are not taken", hint="Send JSON as a text frame.")
        await self._fail(None, error, new_id())

    async def finish(self, seconds: float) -> None:
        """Cancel what runs and give the replies that say so some time to leave."""
        for request in self._requests.values():
            request.pump.stop()
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=seconds)

    async def aclose(self) -> None:
        """Cancel what runs without a word; what was generated is kept by who keeps it."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # A task that was cancelled before it began has let go of nothing.
        await asyncio.gather(*(request.pump.aclose() for request in self._requests.values()))
        self._requests.clear()

    def _begin(self, frame: Frame, request_id: str, size_bytes: int) -> None:
        command = find_command(frame.type)
        if frame.id is None:
            raise InvalidRequestError(
                "id: it is missing", hint="Each request carries an id of your own choosing.", details={"field": "id"}
            )
        if frame.id in self._requests:
            raise InvalidRequestError(
                f"a request with the id {frame.id!r} is still under way on this socket",
                hint="Choose an id for each request; the earlier one goes on.",
                details={"field": "id"},
            )
        self._check_room(size_bytes)
        kind: Class = "completions" if command.work is COMPLETION else "generations"
        self._services.protection.turnstile.admit(self._client, kind)
        body = read_request(command, frame)
        request = _Request(
            identifier=frame.id,
            request_id=request_id,
            command=command,
            pump=Pump(self._source(command, body, request_id)),
            is_streamed=frame.stream,
            size_bytes=size_bytes + _REQUEST_BYTES,
        )
        self._requests[frame.id] = request
        self._held_bytes += request.size_bytes
        task = asyncio.create_task(self._run(request))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _check_room(self, size_bytes: int) -> None:
        if self._held_bytes + size_bytes > _HELD_BYTES:
            raise QueueFullError(
                f"{len(self._requests)} requests are under way on this socket, which is as much as it holds",
                hint="Wait for some of them to be answered, or cancel them.",
            )

    def _cancel(self, frame: Frame) -> None:
        request = self._requests.get(frame.id) if frame.id is not None else None
        if request is None:
            raise NotFoundError(
                f"no request with the id {frame.id!r} is under way on this socket",
                hint="It may have been answered already.",
                details={"field": "id"},
            )
        request.pump.stop()

    async def _source(self, command: Command, body: Any, request_id: str) -> AsyncGenerator[msgspec.Struct, None]:
        REQUEST_ID.set(request_id)
        async with self._turns, aclosing(command.work.begin(self._services, body, request_id)) as events:
            async for event in events:
                yield event

    async def _run(self, request: _Request) -> None:
        REQUEST_ID.set(request.request_id)
        try:
            await self._answer(request)
        except ClientLeftError:
            # The socket's loop is about to notice.
            return
        except Exception as error:  # noqa: BLE001 -- the socket's edge
            self._forget(request)
            with suppress(ClientLeftError):
                await self._fail(request.identifier, error, request.request_id)
        finally:
            self._forget(request)
            await request.pump.aclose()

    async def _answer(self, request: _Request) -> None:
        command, pump = request.command, request.pump
        body: dict[str, Any] = {}
        text = ""
        pieces: list[str] = []
        async for event in pump:
            if isinstance(event, TextDelta):
                pieces.append(event.text)
                if request.is_streamed:
                    await self._send(messages.delta(command.delta, request.identifier, event.text))
            elif isinstance(event, Started):
                body = msgspec.to_builtins(event)
            else:
                body, text = msgspec.to_builtins(event), command.text_of(event)
        # Nothing of it runs any longer when the reply leaves: what a cancelled one left is kept by then.
        await pump.aclose()
        if pump.was_stopped:
            body, text = {**body, "finish_reason": "cancelled"}, "".join(pieces)
        # Who has the reply may use the id again.
        self._forget(request)
        await self._send(messages.reply(command.reply, request.identifier, text, body))

    def _forget(self, request: _Request) -> None:
        if self._requests.get(request.identifier) is request:
            del self._requests[request.identifier]
            self._held_bytes -= request.size_bytes

    async def _fail(self, identifier: Identifier | None, error: Exception, request_id: str) -> None:
        body = describe_failure(error, self._services.counters, method="WS", path="/ws", request_id=request_id)
        await self._send(messages.failure(identifier, body))

    async def _send(self, frame: bytes) -> None:
        async with self._sending:
            try:
                await self._send_frame(frame)
            except ConnectionError as error:
                raise ClientLeftError from error
