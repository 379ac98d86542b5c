"""Who waits with whom for a decision, and who is told when it fails; the decisions themselves are beside."""

import asyncio
import contextlib
import time
from types import SimpleNamespace

import pytest

from handlers.deciding import Came
from handlers.decisions import JOIN_S, decide


class Store:
    """Takes a while to decide, and keeps who was decided together."""

    def __init__(self, *, takes_s=0.1, fails=lambda _: None):
        self.takes_s, self.fails, self.taken = takes_s, fails, []

    async def write(self, act):
        names = [request.key for request in act.keywords["together"]]
        self.taken.append(names)
        await asyncio.sleep(self.takes_s)
        self.fails(names)
        return [Came(decided=SimpleNamespace(name=name)) for name in names]


class Desk:
    """One workspace, whose requests are names."""

    def __init__(self, **more):
        self.store = Store(**more)
        self.services = SimpleNamespace(benches={}, store=self.store)

    def asks(self, *names):
        return [asyncio.create_task(self.decided(name)) for name in names]

    async def decided(self, name):
        found = await decide(self.services, SimpleNamespace(workspace="w", key=name))
        assert found.name == name
        return name


async def outcomes(tasks):
    found = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)
    return [each if isinstance(each, str) else type(each) for each in found]


async def test_who_goes_away_while_it_is_written_takes_nobody_along():
    desk = Desk()
    tasks = desk.asks("a", "b", "c")
    await asyncio.sleep(0.01)

    tasks[0].cancel()

    assert await outcomes(tasks) == [asyncio.CancelledError, "b", "c"]
    assert desk.store.taken == [["a", "b", "c"]]


async def test_who_went_away_before_their_turn_is_not_decided():
    def fails(names):
        if len(names) > 1:
            raise OSError("no room left")

    desk = Desk(fails=fails)
    tasks = desk.asks("a", "b", "c")
    await asyncio.sleep(0.01)

    tasks[1].cancel()

    assert await outcomes(tasks) == ["a", asyncio.CancelledError, "c"]
    assert desk.store.taken == [["a", "b", "c"], ["a"], ["c"]]


async def test_what_cannot_be_decided_alone_gets_its_own_error():
    def fails(names):
        if "b" in names:
            raise ZeroDivisionError

    desk = Desk(fails=fails)

    assert await outcomes(desk.asks("a", "b", "c")) == ["a", ZeroDivisionError, "c"]
    assert await outcomes(desk.asks("d")) == ["d"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_when_deciding_itself_breaks_everybody_hears_of_it_and_the_next_are_decided():
    desk = Desk()
    whole = desk.store.write

    async def too_few(act):
        return (await whole(act))[1:]

    desk.store.write = too_few
    tasks = desk.asks("a", "b")
    await asyncio.sleep(0.01)
    late = desk.asks("c")

    assert await outcomes([*tasks, *late]) == [ValueError, ValueError, ValueError]
    desk.store.write = whole
    assert await outcomes(desk.asks("d")) == ["d"]


async def test_when_deciding_is_stopped_nobody_waits_for_ever():
    desk = Desk()
    tasks = desk.asks("a", "b")
    await asyncio.sleep(0.01)
    tasks += desk.asks("c")
    await asyncio.sleep(0)

    desk.services.benches["w"].sitting.cancel()

    assert await outcomes(tasks) == [asyncio.CancelledError] * 3
    assert await outcomes(desk.asks("d")) == ["d"]


async def test_those_who_press_again_at_once_are_decided_with_those_who_came_meanwhile():
    desk = Desk()

    async def presses(name):
        for number in range(5):
            for _ in range(3):  # as many rounds of the loop as a request takes to come in
                await asyncio.sleep(0)
            await desk.decided(f"{name}{number}")

    first = [asyncio.create_task(presses(name)) for name in "abcd"]
    await asyncio.sleep(0.01)
    await asyncio.gather(*first, presses("late"))

    assert [len(each) for each in desk.store.taken] == [4, 5, 5, 5, 5, 1]


async def test_in_a_busy_process_nobody_waits_until_many_have_come():
    desk = Desk(takes_s=0)

    async def busy():
        while True:
            time.sleep(0.002)  # noqa: ASYNC251 - what holds up the loop is what this is about
            await asyncio.sleep(0)

    others = asyncio.create_task(busy())
    tasks = []
    for number in range(100):
        tasks += desk.asks(str(number))
        await asyncio.sleep(JOIN_S / 12)
    await asyncio.gather(*tasks)
    others.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await others

    assert max(map(len, desk.store.taken)) < 40
