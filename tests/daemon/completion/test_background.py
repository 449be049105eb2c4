"""Which window is prepared when several are wanted."""

import asyncio
from collections.abc import AsyncGenerator

from andiron_daemon.completion.anchor import Place, PlaceKey
from andiron_daemon.completion.background import Preparation, Work
from andiron_daemon.completion.window import Window
from andiron_models.types import Delta, Finish, Timings, Usage
from andiron_testing.completions import until


class Engine:
    """Evaluates nothing; each window is done when the test says so."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.given_up: list[str] = []
        self.gates: dict[str, asyncio.Event] = {}

    def work(self, name: str) -> Work:
        """Make work of a name, for a place of its own."""
        window = _window(4000)
        return Work(Place("", _window(40), window), window, lambda: self._run(name))

    async def has_begun(self, name: str) -> None:
        """Wait until work of a name is the latest."""
        await until(lambda: bool(self.begun) and self.begun[-1] == name)

    def finish(self, name: str) -> None:
        """Let work come to its end."""
        self.gates[name].set()

    async def _run(self, name: str) -> AsyncGenerator[Delta, None]:
        self.begun.append(name)
        gate = self.gates.setdefault(name, asyncio.Event())
        try:
            await gate.wait()
            finish = Finish(reason="length", usage=Usage(), timings=Timings())
            yield Delta(backend="local", model="m", finish=finish)
        except asyncio.CancelledError:
            self.given_up.append(name)
            raise


def _window(characters: int) -> Window:
    return Window(start=0, lead="", header="", suffix="", extra=(), characters=characters)


def key(name: str) -> PlaceKey:
    """Name a place."""
    return ("session", name, "")


async def test_the_newest_window_goes_first_and_the_older_ones_go_on_afterwards() -> None:
    engine, preparation = Engine(), Preparation(8)
    works = {name: engine.work(name) for name in ("a", "b", "c")}
    for name, work in works.items():
        preparation.prepare(key(name), work)
        await engine.has_begun(name)
    assert engine.begun == ["a", "b", "c"]
    assert engine.given_up == ["a", "b"]
    assert not works["a"].place.is_being_prepared
    for name in ("c", "b", "a"):
        await engine.has_begun(name)
        assert works[name].place.pending is not None
        engine.finish(name)
    await until(lambda: works["a"].place.pending is None)
    assert engine.begun == ["a", "b", "c", "b", "a"]
    await preparation.aclose()


async def test_of_those_that_wait_the_oldest_is_forgotten() -> None:
    engine, preparation = Engine(), Preparation(2)
    works = {name: engine.work(name) for name in "abcd"}
    for name, work in works.items():
        preparation.prepare(key(name), work)
    assert [preparation.is_preparing(key(name), works[name].window) for name in "abcd"] == [False, True, True, True]
    await preparation.aclose()


async def test_asking_for_what_is_under_way_changes_nothing_and_for_what_waits_brings_it_forward() -> None:
    engine, preparation = Engine(), Preparation(8)
    older, newer = engine.work("older"), engine.work("newer")
    preparation.prepare(key("older"), older)
    preparation.prepare(key("newer"), newer)
    await until(lambda: engine.begun == ["newer"])
    preparation.prepare(key("newer"), newer)
    preparation.prepare(key("older"), older)
    await until(lambda: engine.begun == ["newer", "older"])
    assert engine.given_up == ["newer"]
    assert preparation.is_preparing(key("newer"), newer.window)
    await preparation.aclose()


async def test_another_window_of_a_place_takes_the_place_of_the_one_wanted_before() -> None:
    engine, preparation = Engine(), Preparation(8)
    first, second = engine.work("first"), engine.work("second")
    preparation.prepare(key("place"), first)
    await until(lambda: engine.begun == ["first"])
    preparation.prepare(key("place"), second)
    await until(lambda: engine.begun == ["first", "second"])
    assert not preparation.is_preparing(key("place"), first.window)
    await preparation.aclose()


async def test_when_one_is_given_up_the_next_begins() -> None:
    engine, preparation = Engine(), Preparation(8)
    waiting, current = engine.work("waiting"), engine.work("current")
    preparation.prepare(key("waiting"), waiting)
    preparation.prepare(key("current"), current)
    await until(lambda: engine.begun == ["current"])
    preparation.give_up(key("current"))
    await until(lambda: engine.begun == ["current", "waiting"])
    assert engine.given_up == ["current"]
    preparation.give_up(key("waiting"))
    await until(lambda: engine.given_up == ["current", "waiting"])
    await preparation.aclose()
