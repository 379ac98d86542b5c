"""Due work: planned once, taken by one process at a time, ended once."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from integrations.store.tables import Found, changed, insert_new, table_of
from schema.due import Due, Ended, Outcome, Taken
from schema.tables.due import DueWorkRow

DUE = table_of(DueWorkRow)
D = DUE.c
OPEN = D.done_at.is_(None)


DROPPED_ONLY = frozenset({Outcome.DROPPED})


def plan(session: Session, work: Due, *, again: Collection[Outcome] = DROPPED_ONLY) -> bool:
    """Write down what is due; what is open already stays as it is. True when it is to be done anew.

    again  what ended so is opened again: dropped work, when somebody wants it after all
    """
    times = {
        "due_at": work.due_at,
        "next_at": work.due_at,
        "window_end": work.window_end,
        "payload": dict(work.payload),
    }
    named = {"workspace": work.workspace, "kind": work.kind, "key": work.key}
    if insert_new(session, DUE, named | times | {"attempts": 0}):
        return True
    ended = (
        *_named(work.workspace, work.kind, work.key),
        D.done_at.is_not(None),
        D.outcome.in_(sorted(again)),
    )
    anew = times | {"done_at": None, "outcome": None, "last_reason": None}
    return changed(session, update(DUE).where(*ended).values(anew))


def move(session: Session, work: Due) -> bool:
    """Change when planned work is due, and what it carries; False when it is done, taken or unknown."""
    values = {
        "due_at": work.due_at,
        "next_at": work.due_at,
        "window_end": work.window_end,
        "payload": dict(work.payload),
        "last_reason": None,
    }
    free = (OPEN, D.lease_until.is_(None))
    return changed(
        session, update(DUE).where(*_named(work.workspace, work.kind, work.key), *free).values(values)
    )


def drop(session: Session, workspace: str, kind: str, key: str, *, now: datetime, reason: str) -> bool:
    """End work that nobody wants any more; False when it had ended already."""
    return changed(
        session,
        update(DUE)
        .where(*_named(workspace, kind, key), OPEN)
        .values(_end(Outcome.DROPPED, now) | {"last_reason": reason}),
    )


def take_due(
    session: Session,
    now: datetime,
    *,
    holder: str,
    lease_s: float,
    kinds: Collection[str] | None = None,
    limit: int = 10,
) -> tuple[Taken, ...]:
    """Take what is due, free and inside its window, oldest first; nobody else gets it before the lease ends."""
    query = select(DUE).where(
        OPEN, D.next_at <= now, _free(now, lease_s), or_(D.window_end.is_(None), D.window_end > now)
    )
    if kinds is not None:
        query = query.where(D.kind.in_(sorted(kinds)))
    query = query.order_by(D.next_at, D.id).limit(limit).with_for_update(skip_locked=True)
    until = now + timedelta(seconds=lease_s)
    rows = session.execute(query).all()
    for row in rows:
        values = {"lease_holder": holder, "lease_until": until, "attempts": row.attempts + 1}
        session.execute(update(DUE).where(D.id == row.id).values(values))
    return tuple(_taken(row, holder=holder, until=until) for row in rows)


def any_due(session: Session, now: datetime, *, kinds: Collection[str]) -> bool:
    """Tell whether something of some kinds is due, free or not, so that looking costs no write."""
    query = select(D.id).where(OPEN, D.next_at <= now, D.kind.in_(sorted(kinds))).limit(1)
    return session.execute(query).first() is not None


def renew(session: Session, taken: Taken, *, now: datetime, lease_s: float) -> bool:
    """Hold on for longer; False when the work has ended or another took over."""
    until = now + timedelta(seconds=lease_s)
    return changed(session, update(DUE).where(*_held(taken)).values(lease_until=until))


def finish(session: Session, taken: Taken, *, now: datetime, reason: str | None = None) -> bool:
    """End the work as done; False when another took over, whose end it then is."""
    values = _end(Outcome.DONE, now) | {"last_reason": reason}
    return changed(session, update(DUE).where(*_held(taken)).values(values))


def fail(session: Session, taken: Taken, *, now: datetime, reason: str, again_at: datetime | None) -> bool:
    """Give the work back to be tried again, or give it up with `again_at=None`; False when another took over."""
    values: dict[str, Any] = {"last_reason": reason}
    if again_at is None:
        values |= _end(Outcome.FAILED, now)
    else:
        values |= {"next_at": again_at, "lease_holder": None, "lease_until": None}
    return changed(session, update(DUE).where(*_held(taken)).values(values))


def missed(session: Session, now: datetime, *, lease_s: float = 3600) -> tuple[Ended, ...]:
    """End what nobody did inside its window, and give it so that its owner can be told.

    lease_s  the longest that anybody takes work for
    """
    query = select(DUE).where(OPEN, D.window_end <= now, _free(now, lease_s)).order_by(D.due_at, D.id)
    rows = session.execute(query.with_for_update(skip_locked=True)).all()
    for row in rows:
        session.execute(update(DUE).where(D.id == row.id).values(_end(Outcome.MISSED, now)))
    return tuple(
        Ended(
            work=_work(row),
            outcome=Outcome.MISSED,
            at=now,
            attempts=row.attempts,
            last_reason=row.last_reason,
        )
        for row in rows
    )


def ended(session: Session, workspace: str, kind: str, key: str) -> Ended | None:
    """Tell how a piece of work ended; None while it is open or unknown."""
    row = session.execute(select(DUE).where(*_named(workspace, kind, key), D.done_at.is_not(None))).first()
    if row is None:
        return None
    return Ended(
        work=_work(row),
        outcome=Outcome(row.outcome),
        at=row.done_at,
        attempts=row.attempts,
        last_reason=row.last_reason,
    )


def planned(session: Session, workspace: str, *, kind: str | None = None) -> tuple[Due, ...]:
    """List what is still to be done in a workspace, soonest first."""
    query = select(DUE).where(OPEN, D.workspace == workspace).order_by(D.next_at, D.id)
    if kind is not None:
        query = query.where(D.kind == kind)
    return tuple(_work(row) for row in session.execute(query))


def wanted(session: Session, workspace: str, *, kind: str, since: datetime) -> tuple[Due, ...]:
    """List what was planned for after a time and not dropped, however it ended, soonest first."""
    query = select(DUE).where(D.workspace == workspace, D.kind == kind, D.due_at >= since)
    query = query.where(or_(OPEN, D.outcome != Outcome.DROPPED)).order_by(D.due_at, D.id)
    return tuple(_work(row) for row in session.execute(query))


def next_due_at(session: Session) -> datetime | None:
    """Tell when somebody has to look again."""
    first = select(D.next_at).where(OPEN).order_by(D.next_at).limit(1)
    found: datetime | None = session.execute(first).scalar()
    return found


def forget(session: Session, *, before: datetime) -> int:
    """Delete what ended before a time; gives how many."""
    return session.connection().execute(DUE.delete().where(D.done_at < before)).rowcount


def _free(now: datetime, lease_s: float) -> ColumnElement[bool]:
    """Tell what nobody works on; a lease from the future was written by a clock that was wrong."""
    wrong = now + timedelta(seconds=2 * lease_s)
    return or_(D.lease_until.is_(None), D.lease_until <= now, D.lease_until > wrong)


def _named(workspace: str, kind: str, key: str) -> tuple[ColumnElement[bool], ...]:
    return (D.workspace == workspace, D.kind == kind, D.key == key)


def _held(taken: Taken) -> tuple[ColumnElement[bool], ...]:
    return (OPEN, D.id == taken.id, D.lease_holder == taken.holder, D.attempts == taken.attempt)


def _end(outcome: Outcome, now: datetime) -> dict[str, Any]:
    return {"done_at": now, "outcome": outcome, "lease_holder": None, "lease_until": None}


def _work(row: Found) -> Due:
    return Due(
        workspace=row.workspace,
        kind=row.kind,
        key=row.key,
        due_at=row.due_at,
        window_end=row.window_end,
        payload=row.payload,
    )


def _taken(row: Found, *, holder: str, until: datetime) -> Taken:
    return Taken(
        id=row.id,
        work=_work(row),
        holder=holder,
        until=until,
        attempt=row.attempts + 1,
        last_reason=row.last_reason,
    )
