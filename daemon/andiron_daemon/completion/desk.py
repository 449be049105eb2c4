"""Who waits for which run: identical requests share one, a newer one of a session and path takes over.

A request that goes on where a running one is heading waits for that run (`Ticket.typed` says how far ahead it
is), so that a person who types what is being written does not have it written anew at every key.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable

from andiron_daemon.completion.plan import PlaceName, Plan
from andiron_daemon.completion.policy import CompletionPolicy
from andiron_daemon.completion.run import Run
from andiron_daemon.completion.window import stable_suffix

MakeRun = Callable[[], Run]
Fingerprint = tuple[object, ...]


class Ticket:
    """One request waiting for a run."""

    def __init__(self, plan: Plan, order: int = 0) -> None:
        self.plan = plan
        self.order = order
        self.run: Run | None = None
        self.typed = ""
        self._superseded = asyncio.Event()

    @property
    def is_superseded(self) -> bool:
        """Whether a newer request has taken its place."""
        return self._superseded.is_set()

    def supersede(self) -> None:
        """End the waiting."""
        self._superseded.set()

    def attach(self, run: Run, typed: str = "") -> None:
        """Wait for a run, and for the one before no more."""
        older, self.run, self.typed = self.run, run, typed
        run.join()
        if older is not None:
            older.leave()

    def detach(self) -> None:
        """Wait for nothing any more."""
        older, self.run = self.run, None
        if older is not None:
            older.leave()

    async def end(self) -> None:
        """Wait for nothing any more; what this cancels has stopped when it returns."""
        run = self.run
        self.detach()
        if run is not None and run.is_given_up:
            await asyncio.wait({run.task})

    async def changed(self, since: int) -> None:
        """Wait until the run has news since a version of it, or the ticket is superseded."""
        assert self.run is not None
        waiters = [asyncio.ensure_future(self.run.changed(since)), asyncio.ensure_future(self._superseded.wait())]
        try:
            await asyncio.wait(waiters, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiter in waiters:
                waiter.cancel()


class Desk:
    """All runs under way and the tickets for them."""

    def __init__(self, policy: CompletionPolicy, clock: Callable[[], float] = time.monotonic) -> None:
        self._policy = policy
        self._runs: dict[Fingerprint, Run] = {}
        self._tickets: dict[PlaceName, list[Ticket]] = {}
        self._behind: dict[PlaceName, Run] = {}
        self._clock = clock
        self._busy_since: float | None = None
        self._busy_seconds = 0.0
        self._active = 0

    @property
    def running(self) -> int:
        """How many runs are under way."""
        return len(self._runs)

    def idle_clock(self) -> float:
        """Tell a time that stands still while anything runs, for what gets on only then."""
        now = self._clock()
        running = now - self._busy_since if self._busy_since is not None else 0.0
        return now - self._busy_seconds - running

    @contextlib.asynccontextmanager
    async def ticket(self, plan: Plan, order: int = 0) -> AsyncIterator[Ticket]:
        """Register a request: the older ones of its session and path are superseded, but for identical ones.

        `order` is in which requests came; reading one may take longer than reading the next.
        """
        ticket = Ticket(plan, order)
        if plan.request.session is None:
            try:
                yield ticket
            finally:
                await ticket.end()
            return
        tickets = self._tickets.setdefault(plan.place_name, [])
        self._supersede(tickets, ticket)
        tickets.append(ticket)
        try:
            yield ticket
        finally:
            tickets.remove(ticket)
            if not tickets and self._tickets.get(plan.place_name) is tickets:
                del self._tickets[plan.place_name]
            await ticket.end()

    def is_busy(self, plan: Plan) -> bool:
        """Tell whether somebody waits at a request's place."""
        return plan.request.session is not None and bool(self._tickets.get(plan.place_name))

    def put_behind(self, plan: Plan, run: Run) -> None:
        """Let a run go on with nobody waiting, until the next request of its session and path."""
        run.is_background = True
        if plan.request.session is not None:
            self._behind[plan.place_name] = run
            run.task.add_done_callback(lambda _: self._forget_behind(plan.place_name, run))

    def is_running(self, plan: Plan) -> Run | None:
        """Find the run of an identical request."""
        return self._runs.get(plan.fingerprint)

    def start(self, plan: Plan, make: MakeRun) -> Run:
        """Start a run that identical requests may join."""
        run = make()
        fingerprint = plan.fingerprint
        if self._busy_since is None:
            self._busy_since = self._clock()
        self._active += 1
        self._runs[fingerprint] = run

        def forget(_: object) -> None:
            if self._runs.get(fingerprint) is run:
                del self._runs[fingerprint]
            self._active -= 1
            if not self._active and self._busy_since is not None:
                self._busy_seconds += self._clock() - self._busy_since
                self._busy_since = None

        run.task.add_done_callback(forget)
        return run

    async def aclose(self) -> None:
        """Cancel every run."""
        tasks = [run.task for run in self._runs.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _supersede(self, older: list[Ticket], ticket: Ticket) -> None:
        """Take what can be used of older requests, and end them."""
        fingerprint = ticket.plan.fingerprint
        behind = self._behind.pop(ticket.plan.place_name, None)
        for other in older:
            if other.plan.fingerprint == fingerprint:
                continue
            if other.order > ticket.order:
                ticket.supersede()
                continue
            if other.run is not None and ticket.run is None:
                self._follow(ticket, other.run)
            other.supersede()
            other.detach()
        if behind is None or behind.plan.fingerprint == fingerprint:
            return
        if behind.written and ticket.run is None:
            self._follow(ticket, behind)
        behind.is_background = False
        if not behind.waiting:
            behind.task.cancel()

    def _forget_behind(self, name: PlaceName, run: Run) -> None:
        if self._behind.get(name) is run:
            del self._behind[name]

    def _follow(self, ticket: Ticket, run: Run) -> None:
        """Let a ticket wait for a run that is heading for where it is."""
        theirs, mine = run.plan, ticket.plan
        if not self._policy.follow_running or theirs.identity != mine.identity or run.task.done():
            return
        # A follower is further along than where the run began.
        before, now = theirs.gap.prefix, mine.gap.prefix
        same_suffix = stable_suffix(theirs.gap.suffix) == stable_suffix(mine.gap.suffix)
        if not same_suffix or len(now) <= len(before) or not now.startswith(before):
            return
        typed = now[len(before) :]
        if run.heads_for(typed):
            ticket.attach(run, typed)
