"""An event loop whose time passes only when everyone waits: timers are tested without waiting for them.

Threads would not know of such a time, so what is meant for one runs in the loop itself.
"""

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")
_START_SECONDS = 1000.0


class _Selector(selectors.DefaultSelector):
    """Looks at the file descriptors without waiting, and lets virtual time pass instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now = _START_SECONDS

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            return super().select(None)
        ready = super().select(0)
        if not ready and timeout > 0:
            self.now += timeout
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Jumps to the next timer whenever nothing else is to be done."""

    def __init__(self) -> None:
        self._clock = _Selector()
        super().__init__(self._clock)

    def time(self) -> float:
        """Say the virtual time."""
        # A hair more than was waited for, so that rounding does not leave a timer waiting for nothing.
        return self._clock.now + 1e-6

    def jump(self, seconds: float) -> None:
        """Be later at once."""
        self._clock.now += seconds

    def run_in_executor(  # type: ignore[override]  # typeshed's overload is for subclasses of other loops
        self, executor: Any, func: Callable[..., _T], *arguments: Any
    ) -> asyncio.Future[_T]:
        """Call the function here and now."""
        future: asyncio.Future[_T] = self.create_future()
        try:
            future.set_result(func(*arguments))
        except Exception as error:  # noqa: BLE001 - whatever a thread would have passed on
            future.set_exception(error)
        return future


def sleep_through(seconds: float) -> None:
    """Let time pass in one jump, as for a program that was stopped meanwhile: nothing happens until it is over."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    loop.jump(seconds)


def in_virtual_time(test: Callable[_P, Coroutine[Any, Any, None]]) -> Callable[_P, None]:
    """Make a plain test of an async one, with a loop of virtual time to itself."""

    @functools.wraps(test)
    def run(*arguments: _P.args, **named: _P.kwargs) -> None:
        with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
            runner.run(test(*arguments, **named))

    return run
