"""Processes that do work in pieces, each for a thread that waits for it; knows nothing of what the work is.

Each has a pipe of its own, so that one which comes down, in whatever it was doing, is noticed at once and costs
nobody else anything. (`concurrent.futures` shares one pipe among all: a process that is killed while it answers leaves
it waiting for the rest forever.)
"""

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from queue import SimpleQueue
from typing import Generic, TypeVar

Piece = TypeVar("Piece")
Result = TypeVar("Result")


class Crew(Generic[Piece, Result]):
    """Does pieces of work; a piece is split, and what cannot be split is lost, when it brings its process down."""

    def __init__(
        self,
        count: int,
        work: Callable[[Piece], Result],
        split: Callable[[Piece], Iterator[Piece]],
        join: Callable[[Iterator[Result]], Result],
        lost: Callable[[Piece], Result],
    ) -> None:
        self._split, self._join, self._lost = split, join, lost
        self._members = [_Member(work) for _ in range(count)]
        self._idle: SimpleQueue[_Member[Piece, Result]] = SimpleQueue()
        for member in self._members:
            self._idle.put(member)
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="crew")

    def submit(self, piece: Piece) -> "Future[Result]":
        """Do a piece as soon as somebody is free."""
        return self._threads.submit(self._do, piece)

    def close(self) -> None:
        """Wait for what is under way, and end the processes."""
        self._threads.shutdown(cancel_futures=True)
        for member in self._members:
            member.close()

    def _do(self, piece: Piece) -> Result:
        member = self._idle.get()
        try:
            return self._done(member, piece)
        finally:
            self._idle.put(member)

    def _done(self, member: "_Member[Piece, Result]", piece: Piece) -> Result:
        connection = member.connection()
        try:
            connection.send(piece)
            result: Result = connection.recv()
            return result
        except (EOFError, OSError):
            member.close()
        parts = list(self._split(piece))
        if len(parts) <= 1:
            return self._lost(piece)
        return self._join(self._done(member, part) for part in parts)


class _Member(Generic[Piece, Result]):
    """One process, started when there is something to do."""

    def __init__(self, work: Callable[[Piece], Result]) -> None:
        self._work = work
        self._running: tuple[SpawnProcess, Connection] | None = None

    def connection(self) -> Connection:
        if self._running is None:
            self._running = _start(self._work)
        return self._running[1]

    def close(self) -> None:
        if self._running is not None:
            process, connection = self._running
            self._running = None
            connection.close()
            process.join()


def _start(work: Callable[[Piece], Result]) -> tuple[SpawnProcess, Connection]:
    # Spawned, not forked: the same on every platform, and nothing of this process is carried along.
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, work), daemon=True)
    process.start()
    theirs.close()
    return process, ours


def _serve(connection: Connection, work: Callable[[Piece], Result]) -> None:
    """Do what comes until nothing can come any more."""
    # Interrupted from the keyboard, all hear of it at once; the one who gave the work ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        while True:
            connection.send(work(connection.recv()))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
