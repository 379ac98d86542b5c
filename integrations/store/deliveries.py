"""Deliveries as rows: each made once, prepared once, and moved only along schema/deliveries.py's table."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, insert, or_, select, update
from sqlalchemy.orm import Session

from integrations.store.tables import Found, changed, insert_new, table_of
from schema.deliveries import (
    DELIVERY_MOVES,
    OPEN_STATES,
    Delivery,
    DeliveryState,
    IllegalMove,
    Part,
    PartState,
    delivery_id,
    part_key,
    settled,
)
from schema.periods import Period
from schema.tables.deliveries import DeliveryPartRow, DeliveryRow

DELIVERIES = table_of(DeliveryRow)
PARTS = table_of(DeliveryPartRow)
D, P = DELIVERIES.c, PARTS.c
STARTED = frozenset({DeliveryState.SENDING, DeliveryState.UNKNOWN, DeliveryState.FAILED})


def create_or_get(
    session: Session,
    workspace: str,
    *,
    kind: str,
    product: str,
    period: Period,
    channel: str,
    due_at: datetime,
) -> tuple[Delivery, bool]:
    """Give the one delivery of this kind, product, period and channel; True when this call made it."""
    name = delivery_id(workspace=workspace, kind=kind, product=product, period=period, channel=channel)
    row = {
        "workspace": workspace,
        "id": name,
        "kind": kind,
        "product": product,
        "period_start": period.start,
        "period_end": period.end,
        "channel": channel,
        "state": DeliveryState.PLANNED,
        "due_at": due_at,
        "revision": 0,
    }
    made = insert_new(session, DELIVERIES, row)
    return get(session, workspace, name), made


def get(session: Session, workspace: str, id: str) -> Delivery:
    """Give a delivery; raises IllegalMove when there is none."""
    row = session.execute(select(DELIVERIES).where(*_named(workspace, id))).first()
    if row is None:
        message = "This delivery is not known here. Post the standup again to make a new one."
        raise IllegalMove(message)
    return _delivery(row)


def parts(session: Session, workspace: str, id: str) -> tuple[Part, ...]:
    """Give a delivery's parts, the parent first; empty before it is prepared."""
    query = select(PARTS).where(P.workspace == workspace, P.delivery_id == id).order_by(P.position)
    return tuple(part_of(row) for row in session.execute(query))


def prepare(
    session: Session, workspace: str, id: str, *, payloads: Sequence[Mapping[str, Any]], now: datetime
) -> tuple[Part, ...]:
    """Freeze what will be posted, the parent first; once only."""
    if not payloads:
        message = "a delivery has at least its parent message"
        raise ValueError(message)
    _move(session, workspace, id, DeliveryState.PREPARED, prepared_at=now, last_reason=None)
    rows = [
        {
            "workspace": workspace,
            "delivery_id": id,
            "position": position,
            "key": part_key(id, position),
            "payload": dict(payload),
            "state": PartState.PENDING,
            "looked": 0,
        }
        for position, payload in enumerate(payloads)
    ]
    session.execute(insert(PARTS), rows)
    return parts(session, workspace, id)


def begin(session: Session, workspace: str, id: str, *, late_line: str) -> Delivery:
    """Start sending; the line about lateness is fixed by the first start, "" when it is on time.

    Parts that Slack had refused are tried again: they are certainly not in the channel.
    """
    before = get(session, workspace, id)
    if not parts(session, workspace, id):
        raise _illegal(before, "be sent before it is prepared")
    line = late_line if before.late_line is None else before.late_line
    moved = _move(session, workspace, id, DeliveryState.SENDING, late_line=line)
    refused = (P.workspace == workspace, P.delivery_id == id, P.state == PartState.FAILED)
    session.execute(update(PARTS).where(*refused).values(state=PartState.PENDING))
    return moved


def skip(session: Session, workspace: str, id: str, *, reason: str) -> Delivery:
    """Leave this one out; possible until its send starts."""
    return _move(session, workspace, id, DeliveryState.SKIPPED, last_reason=reason)


def fail(session: Session, workspace: str, id: str, *, reason: str) -> Delivery:
    """Give a delivery up until somebody asks for it again."""
    return _move(session, workspace, id, DeliveryState.FAILED, last_reason=reason)


def replan(
    session: Session, workspace: str, id: str, *, due_at: datetime, late_line: str | None = None
) -> Delivery:
    """Take up a skipped or failed delivery again; what was frozen stays frozen.

    late_line   of one whose time has passed: it is due anew, and late all the same
    """
    moved = _move(session, workspace, id, DeliveryState.PLANNED, due_at=due_at, late_line=late_line)
    if not parts(session, workspace, id):
        return moved
    return _move(session, workspace, id, DeliveryState.PREPARED)


def postpone(session: Session, workspace: str, id: str, *, due_at: datetime) -> Delivery:
    """Change when a delivery is due, as *now* does; possible until its send starts."""
    waiting = (DeliveryState.PLANNED, DeliveryState.PREPARED)
    statement = update(DELIVERIES).where(*_named(workspace, id), D.state.in_(waiting))
    if not changed(session, statement.values(due_at=due_at, revision=D.revision + 1)):
        raise _illegal(get(session, workspace, id), "be given another time")
    return get(session, workspace, id)


def settle(session: Session, workspace: str, id: str, *, now: datetime) -> Delivery:
    """Move a delivery whose send has started to where its parts are; parts still to send keep it where it is."""
    delivery = get(session, workspace, id)
    found = parts(session, workspace, id)
    state = settled(found) if found and delivery.state in STARTED else delivery.state
    if state is delivery.state:
        return delivery
    reason = next((part.last_reason for part in found if part.state is not PartState.SENT), None)
    sent_at = now if state is DeliveryState.SENT else None
    return _move(session, workspace, id, state, sent_at=sent_at, last_reason=reason)


def owed(
    session: Session,
    now: datetime,
    *,
    workspace: str | None = None,
    states: Collection[DeliveryState] = OPEN_STATES,
) -> tuple[Delivery, ...]:
    """List what was due by now and stands in one of these states, oldest first."""
    query = select(DELIVERIES).where(D.state.in_(sorted(states)), D.due_at <= now)
    if workspace is not None:
        query = query.where(D.workspace == workspace)
    return tuple(_delivery(row) for row in session.execute(query.order_by(D.due_at, D.id)))


def waiting(
    session: Session, workspace: str, *, kind: str, after: datetime, given_up: str
) -> tuple[Delivery, ...]:
    """List what is due later than a time and not on its way, with what was skipped for one reason."""
    skipped = and_(D.state == DeliveryState.SKIPPED, D.last_reason == given_up)
    open_ = D.state.in_([DeliveryState.PLANNED, DeliveryState.PREPARED])
    query = select(DELIVERIES).where(D.workspace == workspace, D.kind == kind, D.due_at > after)
    return tuple(_delivery(row) for row in session.execute(query.where(or_(open_, skipped))))


def record(
    session: Session, workspace: str, *, product: str, before: datetime | None = None, count: int = 13
) -> tuple[Delivery, ...]:
    """List a product's newest deliveries, newest period first; with `before`, those of periods that began earlier."""
    query = select(DELIVERIES).where(D.workspace == workspace, D.product == product)
    if before is not None:
        query = query.where(D.period_start < before)
    query = query.order_by(D.period_start.desc(), D.kind, D.channel).limit(count)
    return tuple(_delivery(row) for row in session.execute(query))


def of_period(session: Session, workspace: str, *, product: str, period: Period) -> tuple[Delivery, ...]:
    """List what was owed for one period, whatever the channel."""
    query = select(DELIVERIES).where(
        D.workspace == workspace, D.product == product, D.period_start == period.start
    )
    return tuple(_delivery(row) for row in session.execute(query.order_by(D.kind, D.channel)))


def looked_for_doubles(session: Session, workspace: str, id: str, *, doubled: int) -> None:
    """Store how many messages of a delivery its channel holds a second time."""
    session.execute(update(DELIVERIES).where(*_named(workspace, id)).values(doubled=doubled))


def _move(session: Session, workspace: str, id: str, to: DeliveryState, **values: Any) -> Delivery:
    """Move a delivery if, at this very moment, it may move there."""
    sources = [state for state, targets in DELIVERY_MOVES.items() if to in targets]
    statement = update(DELIVERIES).where(*_named(workspace, id), D.state.in_(sources))
    if not changed(session, statement.values(state=to, revision=D.revision + 1, **values)):
        raise _illegal(get(session, workspace, id), f"become {to.value}")
    return get(session, workspace, id)


def _illegal(delivery: Delivery, wish: str) -> IllegalMove:
    return IllegalMove(
        f"The {delivery.kind} of {delivery.product} is {delivery.state.value}; it cannot {wish}."
    )


def _named(workspace: str, id: str) -> tuple[ColumnElement[bool], ...]:
    return (D.workspace == workspace, D.id == id)


def _delivery(row: Found) -> Delivery:
    return Delivery(
        workspace=row.workspace,
        id=row.id,
        kind=row.kind,
        product=row.product,
        period=Period(start=row.period_start, end=row.period_end),
        channel=row.channel,
        state=DeliveryState(row.state),
        due_at=row.due_at,
        prepared_at=row.prepared_at,
        late_line=row.late_line,
        sent_at=row.sent_at,
        last_reason=row.last_reason,
        revision=row.revision,
        doubled=row.doubled,
    )


def part_of(row: Found) -> Part:
    """Make a part from its row."""
    return Part(
        workspace=row.workspace,
        delivery_id=row.delivery_id,
        position=row.position,
        key=row.key,
        payload=row.payload,
        state=PartState(row.state),
        began_at=row.began_at,
        looked=row.looked,
        looked_at=row.looked_at,
        ts=row.ts,
        last_reason=row.last_reason,
    )
