"""Launches as rows: the projection that lists and cards are found by, and the answer that each request got."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, bindparam, func, insert, select
from sqlalchemy.orm import Session

from integrations.store.tables import Found, insert_new, table_of
from schema.launches import Launch, State
from schema.ledger import Event
from schema.tables.launches import DecisionRow, LaunchRow

LAUNCHES = table_of(LaunchRow)
L = LAUNCHES.c
DECISIONS = table_of(DecisionRow)
D = DECISIONS.c

# built once: a sign-off runs these, and building them costs more than running them
OURS: BindParameter[str] = bindparam("ours")
OF_OURS = (L.workspace == OURS, L.id == bindparam("this"))
GET = select(LAUNCHES).where(*OF_OURS)
CHANGE = LAUNCHES.update().where(*OF_OURS)
ANSWERED = select(D.key).where(D.workspace == OURS, D.key.in_(bindparam("keys", expanding=True)))
NOTE = DECISIONS.insert()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A launch's row; the ledger up to `hash` is the truth, this is where it leads."""

    workspace: str
    id: str
    product: str
    number: int
    requester: str
    opened_at: datetime
    state: State
    ended: bool
    revision: int
    tier: str | None
    manifest: str | None
    deadline: datetime | None
    launched_at: datetime | None
    seq: int
    hash: str
    channel: str
    drawn: int
    drawn_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a request."""

    launch: str
    first: int
    last: int
    code: str | None
    refusal: str | None


def projected(launch: Launch) -> dict[str, Any]:
    """Say what a launch's row holds besides where it stands in the ledger and in Slack."""
    newest = launch.revisions[-1] if launch.revisions else None
    return {
        "product": launch.product,
        "requester": launch.requester,
        "opened_at": launch.opened_at,
        "state": launch.state,
        "ended": launch.ended,
        "revision": newest.n if newest else 0,
        "tier": newest.tier if newest else None,
        "manifest": newest.manifest.digest if newest else None,
        "deadline": newest.deadline if newest else None,
        "launched_at": newest.used.at if newest and newest.used else None,
        "seq": launch.seq,
    }


def next_number(session: Session, workspace: str, product: str) -> int:
    """Give the number of a product's next launch, from 1; called under the workspace's lock."""
    query = select(func.max(L.number)).where(L.workspace == workspace, L.product == product)
    return (session.execute(query).scalar() or 0) + 1


def add(
    session: Session, workspace: str, *, launch: Launch, newest: Event, number: int, channel: str
) -> None:
    """Store a launch that was opened a moment ago."""
    row = {"workspace": workspace, "id": launch.id, "number": number, "channel": channel, "drawn": 0}
    session.execute(insert(LAUNCHES).values(**row, hash=newest.hash, **projected(launch)))


def move(session: Session, workspace: str, *, launch: Launch, newest: Event) -> None:
    """Store where a launch stands after its newest event."""
    _change(session, workspace, launch.id, {"hash": newest.hash, **projected(launch)})


def drawn(session: Session, workspace: str, id: str, *, seq: int, at: datetime) -> None:
    """Store up to which event card and thread show a launch."""
    _change(session, workspace, id, {"drawn": seq, "drawn_at": at})


def _change(session: Session, workspace: str, id: str, values: Mapping[str, Any]) -> None:
    session.connection().execute(CHANGE, {"ours": workspace, "this": id, **values})


def get(session: Session, workspace: str, id: str) -> Kept | None:
    """Give a launch's row."""
    row = session.connection().execute(GET, {"ours": workspace, "this": id}).first()
    return None if row is None else _kept(row)


def going(session: Session, workspace: str, *, product: str | None = None) -> tuple[Kept, ...]:
    """List the launches that have not ended, the oldest first."""
    query = select(LAUNCHES).where(L.workspace == workspace, ~L.ended)
    if product is not None:
        query = query.where(L.product == product)
    return tuple(_kept(row) for row in session.execute(query.order_by(L.opened_at, L.id)))


def of_product(session: Session, workspace: str, product: str, *, most: int = 50) -> tuple[Kept, ...]:
    """List a product's launches, the newest first."""
    query = select(LAUNCHES).where(L.workspace == workspace, L.product == product)
    return tuple(_kept(row) for row in session.execute(query.order_by(L.number.desc()).limit(most)))


def products(session: Session, workspace: str) -> tuple[str, ...]:
    """Name the products that launches were opened of, also those that are gone."""
    query = select(L.product).where(L.workspace == workspace).distinct().order_by(L.product)
    return tuple(session.execute(query).scalars())


def ids(session: Session, workspace: str, *, most: int = 500) -> tuple[str, ...]:
    """Name a workspace's launches, the newest ones where there are many."""
    query = select(L.id).where(L.workspace == workspace).order_by(L.opened_at.desc(), L.id).limit(most)
    return tuple(session.execute(query).scalars())


def undrawn(session: Session, workspace: str) -> tuple[str, ...]:
    """Name the launches whose card does not show their newest event yet."""
    query = select(L.id).where(L.workspace == workspace, L.drawn < L.seq)
    return tuple(session.execute(query.order_by(L.seq)).scalars())


def first_time(session: Session, workspace: str, key: str, *, came: Outcome, at: datetime) -> bool:
    """Store what came of a request; False, and nothing changes, where that is known already."""
    return insert_new(session, DECISIONS, _decision(workspace, key, came, at))


def outcome(session: Session, workspace: str, key: str) -> Outcome | None:
    """Tell what came of a request; None for one that was never seen."""
    row = session.execute(select(DECISIONS).where(D.workspace == workspace, D.key == key)).first()
    if row is None:
        return None
    return Outcome(launch=row.launch, first=row.first, last=row.last, code=row.code, refusal=row.refusal)


def answered(session: Session, workspace: str, keys: Collection[str]) -> set[str]:
    """Name those requests among some that were answered before."""
    if not keys:
        return set()
    found = session.connection().execute(ANSWERED, {"ours": workspace, "keys": list(keys)})
    return set(found.scalars())


def note(session: Session, workspace: str, came: Sequence[tuple[str, Outcome]], *, at: datetime) -> None:
    """Store what came of requests, by their keys."""
    if came:
        session.connection().execute(NOTE, [_decision(workspace, key, each, at) for key, each in came])


def _decision(workspace: str, key: str, came: Outcome, at: datetime) -> dict[str, Any]:
    return {
        "workspace": workspace, "key": key, "launch": came.launch, "at": at, "first": came.first, "last": came.last,
        "code": came.code, "refusal": came.refusal,
    }  # fmt: skip


def forget(session: Session, *, before: datetime) -> int:
    """Delete what is known of requests that came before a time; gives how many."""
    return session.connection().execute(DECISIONS.delete().where(D.at < before)).rowcount


def _kept(row: Found) -> Kept:
    return Kept(
        workspace=row.workspace,
        id=row.id,
        product=row.product,
        number=row.number,
        requester=row.requester,
        opened_at=row.opened_at,
        state=State(row.state),
        ended=bool(row.ended),
        revision=row.revision,
        tier=row.tier,
        manifest=row.manifest,
        deadline=row.deadline,
        launched_at=row.launched_at,
        seq=row.seq,
        hash=row.hash,
        channel=row.channel,
        drawn=row.drawn,
        drawn_at=row.drawn_at,
    )
