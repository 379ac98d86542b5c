"""What Slack told us of people and groups, for as long as it may be believed; all processes share it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import bindparam, delete, literal, select
from sqlalchemy.orm import Session

from integrations.store.tables import Found, inserting, table_of
from schema.tables.columns import JsonText
from schema.tables.identities import IdentityRow

IDENTITIES = table_of(IdentityRow)
N = IDENTITIES.c
CHANGED = literal(False, JsonText)  # the body of what is not believed any more


class IdentityKind(StrEnum):
    """Whom an id of Slack means."""

    PERSON = "person"
    GROUP = "group"


# built once: every decision asks it; by nothing but the key, since SQLite would rather read all that is recent
NAMED = select(IDENTITIES).where(
    N.workspace == bindparam("here"),
    N.kind.in_(list(IdentityKind)),
    N.id.in_(bindparam("ids", expanding=True)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What Slack said, and when it was asked."""

    kind: IdentityKind
    id: str
    body: Mapping[str, Any]
    fetched_at: datetime


def kind_of(id: str) -> IdentityKind:
    """Tell people from user groups, by their ids."""
    return IdentityKind.GROUP if id.startswith("S") else IdentityKind.PERSON


def remember(session: Session, workspace: str, *identities: Identity) -> None:
    """Store what Slack says; what was asked before a change, or before a newer answer, does not displace it."""
    for each in identities:
        _put(session, workspace, each, body=dict(each.body))


def known(session: Session, workspace: str, ids: Iterable[str], *, since: datetime) -> Mapping[str, Identity]:
    """Give what Slack said after `since`; who is left out is not known, or for too long to decide on."""
    rows = session.connection().execute(NAMED, {"here": workspace, "ids": sorted(set(ids))}).all()
    return {row.id: _identity(row) for row in rows if row.fetched_at > since and row.body is not False}


def forget(session: Session, workspace: str, id: str, *, at: datetime) -> None:
    """Believe nothing that was asked of this id before now.

    The row stays and says so: an answer that was on its way meanwhile does not bring back what was before,
    and other processes see what they have to forget.
    """
    changed = Identity(kind=kind_of(id), id=id, body={}, fetched_at=at)
    _put(session, workspace, changed, body=False)


def changed(session: Session, workspace: str, *, since: datetime) -> Mapping[str, datetime]:
    """Give who changed at `since` or later, and when."""
    query = select(N.id, N.fetched_at).where(N.workspace == workspace, N.fetched_at >= since)
    return {row.id: row.fetched_at for row in session.execute(query.where(N.body == CHANGED))}


def forget_old(session: Session, *, before: datetime) -> int:
    """Delete what nobody may believe any more; gives how many."""
    return session.connection().execute(delete(IDENTITIES).where(N.fetched_at < before)).rowcount


def _put(session: Session, workspace: str, identity: Identity, *, body: Any) -> None:
    row = {
        "workspace": workspace,
        "kind": identity.kind,
        "id": identity.id,
        "body": body,
        "fetched_at": identity.fetched_at,
    }
    statement = inserting(session, IDENTITIES).values(row)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[N.workspace, N.kind, N.id],
            set_={"body": statement.excluded.body, "fetched_at": statement.excluded.fetched_at},
            where=N.fetched_at <= statement.excluded.fetched_at,
        )
    )


def _identity(row: Found) -> Identity:
    return Identity(kind=IdentityKind(row.kind), id=row.id, body=row.body, fetched_at=row.fetched_at)
