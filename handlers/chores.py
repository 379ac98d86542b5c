"""Chores: due work that is taken a few at a time, done side by side, and given back where it went wrong."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from handlers.services import Services
from integrations.store import due
from schema.due import Due, Outcome, Taken
from schema.errors import Refusal

LEASE_S: Final = 120.0
AGAIN: Final = timedelta(seconds=5)  # after a refusal, such as settings that changed a moment ago
AFTER_A_FAULT: Final = timedelta(minutes=1)

Work = Callable[[Taken], Awaitable[None]]


async def do(
    services: Services,
    work: Work,
    *,
    kinds: Collection[str],
    holder: str,
    lease_s: float = LEASE_S,
    limit: int = 10,
) -> int:
    """Do what is due of some kinds; gives how many were taken. What goes wrong is tried again later.

    raises   ExceptionGroup of the defects, once all are through
    """
    now = services.now()
    if not await services.store.read(lambda session: due.any_due(session, now, kinds=kinds)):
        return 0
    taken = await services.store.write(
        lambda session: due.take_due(session, now, holder=holder, lease_s=lease_s, kinds=kinds, limit=limit)
    )
    came = await asyncio.gather(*[work(each) for each in taken], return_exceptions=True)
    wrong = [(each, error) for each, error in zip(taken, came, strict=True) if isinstance(error, Exception)]
    for each, error in wrong:
        await _later(services, each, error)
    defects = [error for _, error in wrong if not isinstance(error, Refusal)]
    if defects:
        message = f"some of {', '.join(sorted(kinds))} could not be done"
        raise ExceptionGroup(message, defects)
    return len(taken)


async def _later(services: Services, taken: Taken, error: Exception) -> None:
    refused = isinstance(error, Refusal)
    now = services.now()
    again = now + (AGAIN if refused else AFTER_A_FAULT) * min(taken.attempt, 10)
    reason = str(error) if refused else "a fault in Muster"
    await services.store.write(
        lambda session: due.fail(session, taken, now=now, reason=reason, again_at=again)
    )


def put(session: Session, wanted: Sequence[Due]) -> None:
    """Write down when work is due, whether or not it stood there before."""
    for work in wanted:
        if not due.move(session, work):
            due.plan(session, work, again=frozenset(Outcome))


def done(
    session: Session, taken: Taken, *, now: datetime, next_at: datetime | None = None, **payload: Any
) -> bool:
    """End a chore, and write down when it is due again; False when another process took it over."""
    if not due.finish(session, taken, now=now):
        return False
    if next_at is not None:
        again = replace(taken.work, due_at=next_at, payload=payload)
        due.plan(session, again, again=frozenset(Outcome))
    return True
