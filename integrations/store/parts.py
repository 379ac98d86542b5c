"""The parts of a delivery while it is sent: what is stored before a request, and what may be done after it."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select, update
from sqlalchemy.orm import Session

from integrations.store.deliveries import PARTS, D, P, get, part_of
from integrations.store.posts import note
from integrations.store.tables import changed
from schema.deliveries import PARENT, PART_MOVES, DeliveryState, IllegalMove, Part, PartState


def part(session: Session, workspace: str, key: str) -> Part:
    """Give a part by its key; raises IllegalMove when there is none."""
    row = session.execute(select(PARTS).where(*_named(workspace, key))).first()
    if row is None:
        message = "This part of a delivery is not known here."
        raise IllegalMove(message)
    return part_of(row)


def begin_part(session: Session, workspace: str, key: str, *, now: datetime) -> Part:
    """Store that a request begins, before it does; the thread waits for its parent."""
    sending = exists().where(
        D.workspace == P.workspace, D.id == P.delivery_id, D.state == DeliveryState.SENDING
    )
    first = PARTS.alias("first")
    parent_there = exists().where(
        first.c.workspace == P.workspace,
        first.c.delivery_id == P.delivery_id,
        first.c.position == PARENT,
        first.c.state == PartState.SENT,
    )
    return _move(
        session,
        part(session, workspace, key),
        PartState.SENDING,
        sending,
        or_(P.position == PARENT, parent_there),
        began_at=now,
        looked=0,
        looked_at=None,
        last_reason=None,
    )


def part_sent(session: Session, workspace: str, key: str, *, ts: str) -> Part:
    """Store that Slack has the message; only its ts says so. The post is noted in the index of threads."""
    before = part(session, workspace, key)
    if before.state is PartState.SENT and before.ts == ts:
        return before
    moved = _move(session, before, PartState.SENT, ts=ts, last_reason=None)
    delivery = get(session, workspace, moved.delivery_id)
    note(
        session,
        workspace,
        channel=delivery.channel,
        ts=ts,
        product=delivery.product,
        kind=delivery.kind,
        delivery_id=delivery.id,
    )
    return moved


def part_unsure(session: Session, workspace: str, key: str, *, reason: str) -> Part:
    """Store why a request's outcome is not known; the part stays *sending* until the channel was searched."""
    statement = update(PARTS).where(*_named(workspace, key), P.state == PartState.SENDING)
    if not changed(session, statement.values(last_reason=reason)):
        raise _illegal(part(session, workspace, key), "be unsure")
    return part(session, workspace, key)


def part_absent(session: Session, workspace: str, key: str, *, now: datetime, times: int = 2) -> Part:
    """Store that the channel was searched in vain; after `times` of them the part may be posted again."""
    statement = update(PARTS).where(*_named(workspace, key), P.state == PartState.SENDING)
    if not changed(session, statement.values(looked=P.looked + 1, looked_at=now)):
        raise _illegal(part(session, workspace, key), "be searched for")
    searched = part(session, workspace, key)
    return searched if searched.looked < times else _move(session, searched, PartState.PENDING)


def part_unknown(session: Session, workspace: str, key: str, *, reason: str) -> Part:
    """Store that the channel cannot be searched; its owner has to say what is there."""
    return _move(session, part(session, workspace, key), PartState.UNKNOWN, last_reason=reason)


def part_sought(session: Session, workspace: str, key: str) -> Part:
    """Let the channel be searched again for a part that nobody knows of; its request began when it did."""
    before = part(session, workspace, key)
    return _move(session, before, PartState.SENDING, P.state == PartState.UNKNOWN, looked=0, looked_at=None)


def part_failed(session: Session, workspace: str, key: str, *, reason: str) -> Part:
    """Store that Slack refused the message and will refuse it again."""
    return _move(session, part(session, workspace, key), PartState.FAILED, last_reason=reason)


def part_again(session: Session, workspace: str, key: str, *, reason: str | None = None) -> Part:
    """Let a part be posted (again) that is certainly not in the channel: refused for now, or its owner says so."""
    return _move(session, part(session, workspace, key), PartState.PENDING, last_reason=reason)


def unsure_parts(session: Session, workspace: str) -> tuple[Part, ...]:
    """List the parts whose request began and whose outcome is not stored, oldest request first."""
    query = select(PARTS).where(P.workspace == workspace, P.state == PartState.SENDING)
    return tuple(part_of(row) for row in session.execute(query.order_by(P.began_at, P.key)))


def _move(
    session: Session, before: Part, to: PartState, *conditions: ColumnElement[bool], **values: Any
) -> Part:
    sources = [state for state, targets in PART_MOVES.items() if to in targets]
    named = _named(before.workspace, before.key)
    statement = update(PARTS).where(*named, P.state.in_(sources), *conditions).values(state=to, **values)
    if not changed(session, statement):
        raise _illegal(before, f"become {to.value}")
    return part(session, before.workspace, before.key)


def _named(workspace: str, key: str) -> tuple[ColumnElement[bool], ...]:
    return (P.workspace == workspace, P.key == key)


def _illegal(found: Part, wish: str) -> IllegalMove:
    return IllegalMove(
        f"Part {found.position} of this delivery is {found.state.value}; it cannot {wish} now."
    )
