"""The outbox: effects in Slack, decided with a transaction and sent by whoever holds the sender's lease."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Executable, exists, insert, select, update
from sqlalchemy.orm import Session

from integrations.store.tables import Found, changed, dialect, inserting_in, table_of
from schema.tables.outbox import PENDING_KEYED, OutboxRow

OUTBOX = table_of(OutboxRow)
E = OUTBOX.c
ADD = insert(OUTBOX)


class OutboxState(StrEnum):
    """Where an effect stands."""

    PENDING = "pending"
    SENDING = "sending"  # a request began
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    REPLACED = "replaced"  # a newer one of the same key is sent instead


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One thing to do in Slack."""

    workspace: str
    id: int
    kind: str
    coalesce_key: str | None
    payload: Mapping[str, Any]
    state: OutboxState
    created_at: datetime
    due_at: datetime
    began_at: datetime | None
    attempts: int
    sent_ts: str | None
    last_reason: str | None


def put(
    session: Session,
    workspace: str,
    *,
    kind: str,
    payload: Mapping[str, Any],
    now: datetime,
    due_at: datetime | None = None,
    coalesce_key: str | None = None,
) -> None:
    """Add an effect; one of the same key that still waits gets this payload, and keeps its earlier time."""
    row = {
        "workspace": workspace,
        "kind": kind,
        "coalesce_key": coalesce_key,
        "payload": dict(payload),
        "state": OutboxState.PENDING,
        "created_at": now,
        "due_at": due_at or now,
        "attempts": 0,
    }
    session.connection().execute(ADD if coalesce_key is None else _coalescing(dialect(session)), row)


@cache
def _coalescing(dialect: str) -> Executable:
    statement = inserting_in(dialect, OUTBOX)
    return statement.on_conflict_do_update(
        index_elements=[E.workspace, E.coalesce_key],
        index_where=PENDING_KEYED,
        set_={"payload": statement.excluded.payload, "kind": statement.excluded.kind},
    )


def take(session: Session, workspace: str, *, now: datetime, limit: int = 10) -> tuple[Effect, ...]:
    """Take what is due, oldest first, and store that its request begins.

    An effect waits while an older one of its key is on its way, so that cards change in order.
    """
    older = OUTBOX.alias("older")
    on_its_way = exists().where(
        older.c.workspace == E.workspace,
        older.c.coalesce_key == E.coalesce_key,
        older.c.state == OutboxState.SENDING,
    )
    query = select(E.id).where(E.workspace == workspace, E.state == OutboxState.PENDING, E.due_at <= now)
    query = query.where(~on_its_way).order_by(E.due_at, E.id).limit(limit).with_for_update(skip_locked=True)
    ids = session.execute(query).scalars().all()
    begun = {"state": OutboxState.SENDING, "began_at": now, "attempts": E.attempts + 1}
    session.execute(update(OUTBOX).where(E.id.in_(ids)).values(begun))
    return _some(session, E.id.in_(ids))


def sent(session: Session, effect: Effect, *, ts: str | None = None) -> bool:
    """Store that Slack has it; `ts` where the effect made a message."""
    return _settle(session, effect, OutboxState.SENT, sent_ts=ts, last_reason=None)


def failed(session: Session, effect: Effect, *, reason: str) -> bool:
    """Give the effect up."""
    return _settle(session, effect, OutboxState.FAILED, last_reason=reason)


def unknown(session: Session, effect: Effect, *, reason: str) -> bool:
    """Store that nobody can tell whether Slack has it."""
    return _settle(session, effect, OutboxState.UNKNOWN, last_reason=reason)


def again(session: Session, effect: Effect, *, at: datetime, reason: str) -> bool:
    """Try later; where a newer effect of the same key waits, that one is enough."""
    newer = select(E.id).where(
        E.workspace == effect.workspace,
        E.coalesce_key == effect.coalesce_key,
        E.state == OutboxState.PENDING,
    )
    if effect.coalesce_key is not None and session.execute(newer).first() is not None:
        return _settle(session, effect, OutboxState.REPLACED, last_reason=reason)
    return _settle(session, effect, OutboxState.PENDING, due_at=at, last_reason=reason)


def unsettled(session: Session, workspace: str, *, before: datetime) -> tuple[Effect, ...]:
    """List the effects whose request began before a time and never ended: their sender died."""
    return _some(session, E.workspace == workspace, E.state == OutboxState.SENDING, E.began_at < before)


def waiting(session: Session, workspace: str) -> tuple[Effect, ...]:
    """List what is still to be sent."""
    return _some(session, E.workspace == workspace, E.state == OutboxState.PENDING)


def kept(session: Session, workspace: str) -> tuple[Effect, ...]:
    """List every effect that is not forgotten yet, whatever became of it."""
    return _some(session, E.workspace == workspace)


def forget(session: Session, *, before: datetime) -> int:
    """Delete what was settled and created before a time; gives how many."""
    over = (OutboxState.SENT, OutboxState.FAILED, OutboxState.UNKNOWN, OutboxState.REPLACED)
    statement = OUTBOX.delete().where(E.state.in_(over), E.created_at < before)
    return session.connection().execute(statement).rowcount


def _settle(session: Session, effect: Effect, state: OutboxState, **values: Any) -> bool:
    mine = (E.id == effect.id, E.state == OutboxState.SENDING, E.attempts == effect.attempts)
    return changed(session, update(OUTBOX).where(*mine).values(state=state, **values))


def _some(session: Session, *chosen: ColumnElement[bool]) -> tuple[Effect, ...]:
    rows = session.execute(select(OUTBOX).where(*chosen).order_by(E.due_at, E.id))
    return tuple(_effect(row) for row in rows)


def _effect(row: Found) -> Effect:
    return Effect(
        workspace=row.workspace,
        id=row.id,
        kind=row.kind,
        coalesce_key=row.coalesce_key,
        payload=row.payload,
        state=OutboxState(row.state),
        created_at=row.created_at,
        due_at=row.due_at,
        began_at=row.began_at,
        attempts=row.attempts,
        sent_ts=row.sent_ts,
        last_reason=row.last_reason,
    )
