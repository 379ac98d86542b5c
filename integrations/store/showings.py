"""Showings as rows: kept once, read when somebody signs what they were shown."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, insert, select
from sqlalchemy.orm import Session

from integrations.store import ledger, texts
from integrations.store.tables import Found, table_of
from schema.tables.showings import ShowingRow

SHOWINGS = table_of(ShowingRow)
S = SHOWINGS.c
SOME = select(SHOWINGS).where(S.workspace == bindparam("ours"), S.id.in_(bindparam("ids", expanding=True)))
# built once: every sign-off asks it; the words are long, and nothing is decided by them
BINDINGS = SOME.with_only_columns(S.id, S.launch, S.revision, S.user, S["items"], S.shown_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """To whom a launch's items were shown before they signed, and what that bound them to."""

    id: str
    launch: str
    revision: int
    user: str  # of Slack
    items: Mapping[str, str]  # item → its digest
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing(Binding):
    """Exactly what one person was shown."""

    role: str  # whose items were asked for
    text: Mapping[str, str]  # item → every word that was shown of it
    hash: str  # sha256 hex of revision, items and text


def keep(session: Session, workspace: str, showing: Showing) -> None:
    """Store what somebody is being shown."""
    session.execute(
        insert(SHOWINGS).values(
            workspace=workspace,
            id=showing.id,
            launch=showing.launch,
            revision=showing.revision,
            user=showing.user,
            role=showing.role,
            items=dict(showing.items),
            text=dict(showing.text),
            hash=showing.hash,
            shown_at=showing.at,
        )
    )


def get(session: Session, workspace: str, id: str) -> Showing | None:
    """Give a showing."""
    return some(session, workspace, [id]).get(id)


def some(session: Session, workspace: str, ids: Collection[str]) -> dict[str, Showing]:
    """Give those of some showings that are there."""
    if not ids:
        return {}
    rows = session.connection().execute(SOME, {"ours": workspace, "ids": list(ids)})
    return {row.id: _showing(row) for row in rows}


def bindings(session: Session, workspace: str, ids: Collection[str]) -> dict[str, Binding]:
    """Give those of some showings that are there, without their words."""
    if not ids:
        return {}
    rows = session.connection().execute(BINDINGS, {"ours": workspace, "ids": list(ids)})
    return {
        row.id: Binding(
            id=row.id, launch=row.launch, revision=row.revision, user=row.user, items=row.items, at=row.shown_at
        )
        for row in rows
    }  # fmt: skip


def forget(session: Session, *, before: datetime) -> int:
    """Delete what was shown before a time, and can be signed no more; words that nobody spoke to go with it."""
    return _erase(session, S.shown_at < before)


def forget_people(session: Session, workspace: str, users: Collection[str]) -> None:
    """Delete what some people were shown and did not answer yet; words that nobody spoke to go with it."""
    _erase(session, (S.workspace == workspace) & S.user.in_(users))


def _erase(session: Session, which: ColumnElement[bool]) -> int:
    old = session.execute(select(S.workspace, S.launch, S.id).where(which)).all()
    shown: dict[tuple[str, str], set[str]] = {}
    for row in old:
        shown.setdefault((row.workspace, row.launch), set()).add(row.id)
    for (workspace, launch), ids in shown.items():
        spoken_to = {event.payload.get("showing") for event in ledger.events_of(session, workspace, launch)}
        for id_ in ids - spoken_to:
            texts.erase(session, workspace, id_)
    return session.connection().execute(SHOWINGS.delete().where(which)).rowcount


def _showing(row: Found) -> Showing:
    return Showing(
        id=row.id,
        launch=row.launch,
        revision=row.revision,
        user=row.user,
        role=row.role,
        items=row.items,
        text=row.text,
        hash=row.hash,
        at=row.shown_at,
    )
