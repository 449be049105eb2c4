"""The pump: waiting may be given up, the source goes on."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from andiron_daemon.pump import pumped


class Source:
    """Numbers, each sent when it is let through; remembers how it ended."""

    def __init__(self, count: int = 3) -> None:
        self.count = count
        self.go = asyncio.Event()
        self.sent = 0
        self.ended = ""

    async def numbers(self) -> AsyncGenerator[int, None]:
        try:
            for number in range(self.count):
                await self.go.wait()
                self.sent += 1
                yield number
            self.ended = "end"
        except asyncio.CancelledError:
            self.ended = "cancelled"
            raise


async def test_items_come_in_order_to_the_end() -> None:
    source = Source()
    source.go.set()
    async with pumped(source.numbers()) as pump:
        assert [number async for number in pump] == [0, 1, 2]
    assert source.ended == "end"


async def test_giving_up_waiting_loses_nothing() -> None:
    source = Source()
    async with pumped(source.numbers()) as pump:
        waiting = asyncio.create_task(pump.next())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        source.go.set()
        assert [number async for number in pump] == [0, 1, 2]


async def test_an_item_that_does_not_come_in_time_comes_later() -> None:
    source = Source()
    async with pumped(source.numbers()) as pump:
        assert await pump.next_within(0) is None
        source.go.set()
        assert await pump.next_within(None) == 0


async def test_a_source_that_ran_out_of_time_itself_is_not_taken_for_one_that_is_slow() -> None:
    async def hurried() -> AsyncGenerator[int, None]:
        yield 1
        raise TimeoutError

    async with pumped(hurried()) as pump:
        assert await pump.next() == 1
        with pytest.raises(TimeoutError):
            await pump.next_within(60)


async def test_leaving_the_block_cancels_the_source_and_waits_for_it() -> None:
    source = Source()
    async with pumped(source.numbers()):
        await asyncio.sleep(0)
    assert source.ended == "cancelled"


async def test_stopping_ends_the_reading_without_an_error() -> None:
    source = Source()
    async with pumped(source.numbers()) as pump:
        reading = asyncio.ensure_future(pump.next())
        await asyncio.sleep(0)
        pump.stop()
        with pytest.raises(StopAsyncIteration):
            await reading
        assert pump.was_stopped
    assert source.ended == "cancelled"


async def test_an_error_comes_after_the_items_before_it() -> None:
    async def failing() -> AsyncGenerator[int, None]:
        yield 1
        raise ZeroDivisionError

    async with pumped(failing()) as pump:
        assert await pump.next() == 1
        with pytest.raises(ZeroDivisionError):
            await pump.next()


async def test_a_reader_that_lags_holds_the_source_back() -> None:
    source = Source(count=100_000)
    source.go.set()
    async with pumped(source.numbers()) as pump:
        assert await pump.next() == 0
        for _ in range(1000):
            await asyncio.sleep(0)
        assert source.sent < 1000
        assert await pump.next() == 1
