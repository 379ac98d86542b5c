"""The clock: one tick at a time, none lost, and none that ends it."""

import asyncio
import logging
import re

import pytest

from bot.clock import MISFIRE_GRACE_S, Clock


class Ticks:
    """A tick that counts, and stops in the middle when it is told to."""

    def __init__(self):
        self.count = 0
        self.at_once = 0
        self.most_at_once = 0
        self.free = asyncio.Event()
        self.free.set()
        self.began = asyncio.Event()

    async def __call__(self):
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.count += 1
        self.began.set()
        try:
            await self.free.wait()
        finally:
            self.at_once -= 1

    async def reached(self, count):
        async with asyncio.timeout(5):
            while self.count < count:
                self.began.clear()
                await self.began.wait()


async def test_it_ticks_at_once_and_then_every_so_often():
    ticks = Ticks()
    clock = Clock(ticks, 0.02)
    clock.start()

    await ticks.reached(4)
    await clock.stop()
    counted = ticks.count
    await asyncio.sleep(0.06)

    assert ticks.count == counted


async def test_waking_ticks_long_before_its_time():
    ticks = Ticks()
    clock = Clock(ticks, 3600)
    clock.start()
    await ticks.reached(1)

    clock.wake()
    await ticks.reached(2)
    await clock.stop()

    assert ticks.count == 2


async def test_a_slow_tick_is_never_joined_by_another_and_what_came_meanwhile_is_one_tick():
    ticks = Ticks()
    ticks.free.clear()
    clock = Clock(ticks, 0.01)
    clock.start()
    await ticks.reached(1)
    for _ in range(5):
        clock.wake()
        await asyncio.sleep(0.01)
    assert ticks.count == 1

    ticks.free.set()
    await ticks.reached(3)
    await clock.stop()

    assert ticks.most_at_once == 1


async def test_a_failing_tick_is_logged_with_a_reference_and_the_next_one_comes(caplog):
    count = 0
    done = asyncio.Event()

    async def tick():
        nonlocal count
        count += 1
        if count < 3:
            raise ExceptionGroup("two", [ValueError("one"), KeyError(f"number {count}")])
        done.set()

    clock = Clock(tick, 0.01, name="sending")
    with caplog.at_level(logging.ERROR, "bot.clock"):
        clock.start()
        await asyncio.wait_for(done.wait(), 5)
        await clock.stop()

    records = [record for record in caplog.records if record.message == "tick_failed"]
    assert len(records) == 2
    assert records[0].clock == "sending"
    assert re.fullmatch(r"[0-9a-f]{8}", records[0].reference)
    assert records[0].reference != records[1].reference


async def test_a_trouble_that_lasts_is_logged_once_and_so_is_its_end(caplog):
    count = 0
    done = asyncio.Event()

    async def tick():
        nonlocal count
        count += 1
        if count <= 10:
            raise ExceptionGroup(
                "sending", [OSError(f"no room left, in {'one' if count < 6 else 'both'} of them")]
            )
        if count == 12:
            done.set()

    clock = Clock(tick, 0.01, name="sending")
    with caplog.at_level(logging.INFO, "bot.clock"):
        clock.start()
        await asyncio.wait_for(done.wait(), 5)
        await clock.stop()

    told = [(record.message, record.failed) for record in caplog.records if record.name == "bot.clock"]
    assert told == [("tick_failed", 1), ("tick_failed", 6), ("tick_works_again", 10)]


async def test_stopping_waits_for_the_tick_and_cuts_off_one_that_hangs():
    ticks = Ticks()
    ticks.free.clear()
    clock = Clock(ticks, 3600)
    clock.start()
    await ticks.reached(1)

    await clock.stop(within_s=0.05)

    assert ticks.at_once == 0
    await clock.stop()  # twice does no harm


def test_a_busy_hour_loses_no_wake_up():
    assert MISFIRE_GRACE_S == 3600


@pytest.mark.parametrize("every_s", [0.005])
async def test_stopping_before_the_first_tick_is_clean(every_s):
    ticks = Ticks()
    clock = Clock(ticks, every_s)
    clock.start()
    await clock.stop()

    assert ticks.at_once == 0


async def test_a_round_that_hangs_is_told_until_it_ends():
    ticks = Ticks()
    ticks.free.clear()
    clock = Clock(ticks, 3600, name="digests", hangs_s=0.01)
    clock.start()
    await ticks.reached(1)
    assert clock.trouble() is None
    await asyncio.sleep(0.05)

    assert "The digests clock has worked on one round since" in clock.trouble()

    ticks.free.set()
    async with asyncio.timeout(5):
        while clock.trouble() is not None:  # noqa: ASYNC110 - a clock tells nobody
            await asyncio.sleep(0.005)
    await clock.stop()
