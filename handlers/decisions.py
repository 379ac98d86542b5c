"""Requests that wait for a decision, taken together: whoever comes first decides for all who wait with them."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from handlers.deciding import Came, Decided, Request, again
from handlers.people import Cold
from handlers.services import Services
from handlers.sittings import sit

TOGETHER: Final = 256  # requests in one transaction


@dataclass(slots=True, eq=False)
class Waiting:
    """One request, and what it came to once somebody has decided it."""

    request: Request
    came: Came | BaseException | None = None


@dataclass(slots=True)
class Bench:
    """Where the requests of one workspace wait."""

    waiting: deque[Waiting] = field(default_factory=deque)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


async def decide(services: Services, request: Request) -> Decided:
    """Decide a request; durable when this returns. A refusal is raised when it is written down.

    raises   Cold when Slack has to be asked first who pressed
    """
    bench = services.benches.setdefault(request.workspace, Bench())
    mine = Waiting(request)
    bench.waiting.append(mine)
    try:
        async with bench.lock:
            if mine.came is None:
                await _joined(bench)
            while mine.came is None:
                await _sit(services, bench)
    finally:
        # whoever asked is gone: nothing is decided behind their back
        if mine.came is None and mine in bench.waiting:
            bench.waiting.remove(mine)
    came = mine.came
    if isinstance(came, BaseException):
        raise came
    if came.cold:
        raise Cold(came.cold)
    if came.again:
        came = await services.store.read(partial(again, services=services, request=request))
    if came.refusal is not None:
        raise came.refusal
    assert came.decided is not None  # it is one or the other
    return came.decided


async def _joined(bench: Bench) -> None:
    """Let whoever comes at the same moment join."""
    before = 0
    while before < len(bench.waiting) < TOGETHER:
        before = len(bench.waiting)
        await asyncio.sleep(0)


async def _sit(services: Services, bench: Bench) -> None:
    """Decide those who have waited longest; where that fails, each alone, so that nobody pays for another."""
    together = [bench.waiting.popleft() for _ in range(min(TOGETHER, len(bench.waiting)))]
    try:
        if await _settled(services, together) or len(together) == 1:
            return
        for each in together:
            await _settled(services, [each])
    finally:
        bench.waiting.extendleft(each for each in reversed(together) if each.came is None)


async def _settled(services: Services, together: Sequence[Waiting]) -> bool:
    requests = [each.request for each in together]
    act = partial(sit, services=services, together=requests)
    [came] = await asyncio.gather(services.store.write(act), return_exceptions=True)
    if isinstance(came, BaseException):
        if len(together) == 1:
            together[0].came = came
        return False
    for each, answer in zip(together, came, strict=True):
        each.came = answer
    return True
