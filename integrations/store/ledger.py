"""The ledger's events: added to the end of a workspace's chain, and read."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from pydantic_core import from_json
from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from integrations.store.engine import lock_workspace
from integrations.store.tables import Found, table_of
from schema import merkle
from schema.flaws import Flaw, Wrong
from schema.ledger import Draft, Event, Head, begin, canonical, chain, moment, written
from schema.tables.columns import PlainText
from schema.tables.ledger import LedgerEventRow, LedgerHeadRow

EVENTS = table_of(LedgerEventRow)
E = EVENTS.c
HEADS = table_of(LedgerHeadRow)
H = HEADS.c


# built once: a sign-off runs these three, and building them costs more than running them
OURS = bindparam("ours", type_=PlainText())
HEAD = select(HEADS).where(H.workspace == OURS)
NEWEST = select(func.max(E.seq)).where(
    E.workspace == OURS, E.launch == bindparam("launch", type_=PlainText())
)
HEAD_AND_NEWEST = HEAD.add_columns(NEWEST.scalar_subquery().label("newest"))
ADD = EVENTS.insert()
BEGIN = HEADS.insert()
MOVE = HEADS.update().where(H.workspace == OURS)


def append(session: Session, workspace: str, drafts: Sequence[Draft], *, now: datetime) -> tuple[Event, ...]:
    """Add drafts to the workspace's chain; nobody else adds to it before this transaction ends."""
    if not drafts:
        return ()
    lock_workspace(session, workspace)
    launches = {draft.launch for draft in drafts}
    row, last = _end(session, workspace, launches)
    start = _head(workspace, row)
    events = chain(Head(seq=start.seq, hash=start.hash, last=last), drafts, now)
    session.connection().execute(ADD, [_row(workspace, event) for event in events])
    _move_head(session, workspace, events, row=row)
    return events


def head(session: Session, workspace: str) -> Head:
    """Tell where the chain ends."""
    return _head(workspace, _head_row(session, workspace))


def peaks(session: Session, workspace: str) -> tuple[Head, merkle.Peaks]:
    """Give the head with the peaks of its Merkle tree, both of one moment."""
    row = _head_row(session, workspace)
    return _head(workspace, row), _peaks(row)


def events_of(session: Session, workspace: str, launch: str, *, after: int = 0) -> tuple[Event, ...]:
    """Give a launch's events in their order, or those after one that is known."""
    query = select(EVENTS).where(E.workspace == workspace, E.launch == launch, E.seq > after)
    return tuple(_event(row) for row in session.execute(query.order_by(E.seq)))


def events_since(
    session: Session, workspace: str, *, after: int = 0, most: int | None = None
) -> tuple[Event, ...]:
    """Give the workspace's events after one that is known."""
    query = select(EVENTS).where(E.workspace == workspace, E.seq > after).order_by(E.seq).limit(most)
    return tuple(_event(row) for row in session.execute(query))


def events_of_kinds(
    session: Session, workspace: str, kinds: Iterable[str], *, after: int = 0
) -> tuple[Event, ...]:
    """Give the workspace's events of some kinds, such as changes of its keys."""
    query = select(EVENTS).where(E.workspace == workspace, E.kind.in_(sorted(kinds)), E.seq > after)
    return tuple(_event(row) for row in session.execute(query.order_by(E.seq)))


def hashes(session: Session, workspace: str, *, size: int) -> list[bytes]:
    """Give the hashes of the first events, which the Merkle tree stands on."""
    query = select(E.hash).where(E.workspace == workspace, E.seq <= size).order_by(E.seq)
    return [bytes.fromhex(found) for found in session.execute(query).scalars()]


def readable(session: Session, workspace: str) -> tuple[tuple[Event, ...], tuple[Flaw, ...]]:
    """Read the whole chain exactly as it is stored; gives what can be read, and what is wrong with the rest."""
    events: list[Event] = []
    found: list[Flaw] = []
    for row in session.execute(select(EVENTS).where(E.workspace == workspace).order_by(E.seq)):
        try:
            events.append(_exact(row))
        except ValueError:
            text = f"The event {row.seq} ({row.kind}) was edited: its time or its content cannot be read."
            found.append(Flaw(wrong=Wrong.UNREADABLE, text=text, seq=row.seq))
    return tuple(events), tuple(found)


def _head_row(session: Session, workspace: str) -> Found | None:
    return session.connection().execute(HEAD, {"ours": workspace}).first()


def _head(workspace: str, row: Found | None) -> Head:
    return begin(workspace) if row is None else Head(seq=row.seq, hash=row.hash)


def _peaks(row: Found | None) -> merkle.Peaks:
    return () if row is None else tuple(bytes.fromhex(peak) for peak in row.peaks)


def _end(session: Session, workspace: str, launches: Iterable[str]) -> tuple[Found | None, dict[str, int]]:
    connection, found = session.connection(), {}
    row = None
    for launch in launches:
        row = connection.execute(HEAD_AND_NEWEST, {"ours": workspace, "launch": launch}).first()
        if row is not None and row.newest is not None:
            found[launch] = int(row.newest)
    return row, found


def _move_head(session: Session, workspace: str, events: Sequence[Event], *, row: Found | None) -> None:
    leaves = [merkle.leaf(bytes.fromhex(event.hash)) for event in events]
    grown = merkle.grown(_peaks(row), events[0].seq - 1, leaves)
    moved = {"seq": events[-1].seq, "hash": events[-1].hash, "peaks": [peak.hex() for peak in grown]}
    if row is None:
        session.connection().execute(BEGIN, {"workspace": workspace, **moved})
    else:
        session.connection().execute(MOVE, {"ours": workspace, **moved})


def _row(workspace: str, event: Event) -> dict[str, Any]:
    return {
        "workspace": workspace,
        "seq": event.seq,
        "version": event.version,
        "at": moment(event.at),
        "launch": event.launch,
        "kind": event.kind,
        "actor": event.actor,
        "payload": written(event.payload).decode(),
        "payload_hash": event.payload_hash,
        "before": event.before,
        "prev_hash": event.prev_hash,
        "hash": event.hash,
    }


def _event(row: Found) -> Event:
    return Event(
        seq=row.seq,
        at=datetime.fromisoformat(row.at),
        launch=row.launch,
        kind=row.kind,
        actor=row.actor,
        payload=from_json(row.payload),
        payload_hash=row.payload_hash,
        before=row.before,
        prev_hash=row.prev_hash,
        hash=row.hash,
        version=row.version,
    )


def _exact(row: Found) -> Event:
    event = _event(row)
    if moment(event.at) != row.at or canonical(event.payload).decode() != row.payload:
        raise ValueError("time or payload is not in its one form")
    return event
