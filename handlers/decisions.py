"""Requests that wait for a decision, taken together: one task a workspace decides for all who wait."""

import asyncio
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Final

from handlers.deciding import Came, Decided, Request, again
from handlers.people import Cold
from handlers.services import Services
from handlers.sittings import sit

TOGETHER: Final = 256  # requests in one transaction
QUIET: Final = 4  # rounds of the loop: a request takes three from its socket to here
JOIN_S: Final = 0.05  # at most: a busy loop's rounds are long, and in one of four somebody always comes


@dataclass(frozen=True, slots=True, eq=False)
class Waiting:
    """One request, and what it will come to; cancelled when whoever asked is gone."""

    request: Request
    came: asyncio.Future[Came]


@dataclass(slots=True)
class Bench:
    """Where the requests of one workspace wait."""

    waiting: deque[Waiting] = field(default_factory=deque)
    sitting: asyncio.Task[None] | None = None  # decides them, as long as there are any


async def decide(services: Services, request: Request) -> Decided:
    """Decide a request; durable when this returns. A refusal is raised when it is written down.

    raises   Cold when Slack has to be asked first who pressed
    """
    bench = services.benches.setdefault(request.workspace, Bench())
    mine = Waiting(request, asyncio.get_running_loop().create_future())
    bench.waiting.append(mine)
    if bench.sitting is None:
        bench.sitting = asyncio.create_task(_sit_all(services, bench), name="muster-decisions")
    came = await mine.came
    if came.cold:
        raise Cold(came.cold)
    if came.again:
        came = await services.store.read(partial(again, services=services, request=request))
    if came.refusal is not None:
        raise came.refusal
    assert came.decided is not None  # it is one or the other
    return came.decided


async def _sit_all(services: Services, bench: Bench) -> None:
    """Decide all who wait, and whoever comes meanwhile; when this fails, they are told so."""
    try:
        while bench.waiting:
            await _joined(bench)
            await _sit(services, bench)
    finally:
        bench.sitting = None
        failed = sys.exc_info()[1]
        if failed is not None:
            for each in bench.waiting:
                _answer(each, failed)
            bench.waiting.clear()


async def _joined(bench: Bench) -> None:
    """Let whoever comes at the same moment join, and whoever was just answered press again."""
    loop = asyncio.get_running_loop()
    until, before, quiet = loop.time() + JOIN_S, 0, 0
    while quiet < QUIET and len(bench.waiting) < TOGETHER and loop.time() < until:
        before, quiet = len(bench.waiting), quiet + 1 if len(bench.waiting) == before else 0
        await asyncio.sleep(0)


async def _sit(services: Services, bench: Bench) -> None:
    """Decide those who have waited longest; where that fails, each alone, so that nobody pays for another.

    Who went away before their turn is not decided; what a transaction has begun with is decided in any case.
    """
    first = list(islice(bench.waiting, TOGETHER))
    together = [each for each in first if not each.came.done()]
    if together and not await _settled(services, together):
        for each in together:
            if not each.came.done():
                await _settled(services, [each])
    for _ in first:
        bench.waiting.popleft()


async def _settled(services: Services, together: Sequence[Waiting]) -> bool:
    """Decide some in one transaction; one that cannot be decided alone gets the reason."""
    act = partial(sit, services=services, together=[each.request for each in together])
    [answers] = await asyncio.gather(services.store.write(act), return_exceptions=True)
    if isinstance(answers, BaseException):
        if len(together) == 1:
            _answer(together[0], answers)
        return len(together) == 1
    for each, came in list(zip(together, answers, strict=True)):  # all or none
        _answer(each, came)
    return True


def _answer(waiting: Waiting, came: Came | BaseException) -> None:
    if waiting.came.done():
        return
    if isinstance(came, BaseException):
        waiting.came.set_exception(came)
    else:
        waiting.came.set_result(came)
