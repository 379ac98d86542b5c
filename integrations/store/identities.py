"""What Slack told us of people and groups, for as long as it may be believed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from integrations.store.tables import inserting, table_of
from schema.tables.identities import IdentityRow

IDENTITIES = table_of(IdentityRow)
N = IDENTITIES.c


class IdentityKind(StrEnum):
    """Whom an id of Slack means."""

    PERSON = "person"
    GROUP = "group"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What Slack said, and when it said so."""

    kind: IdentityKind
    id: str
    body: Mapping[str, Any]
    fetched_at: datetime


def remember(session: Session, workspace: str, identity: Identity) -> None:
    """Store what Slack says; an older answer that arrives late does not displace a newer one."""
    row = {
        "workspace": workspace,
        "kind": identity.kind,
        "id": identity.id,
        "body": dict(identity.body),
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


def known(
    session: Session, workspace: str, *, kind: IdentityKind, id: str, since: datetime
) -> Identity | None:
    """Give what Slack said at `since` or later; None when that is not known, or too old to decide on."""
    query = select(IDENTITIES).where(
        N.workspace == workspace, N.kind == kind, N.id == id, N.fetched_at >= since
    )
    row = session.execute(query).first()
    if row is None:
        return None
    return Identity(kind=IdentityKind(row.kind), id=row.id, body=row.body, fetched_at=row.fetched_at)


def forget(session: Session, workspace: str, *, kind: IdentityKind, id: str) -> None:
    """Believe nothing of this id until Slack is asked again."""
    session.execute(delete(IDENTITIES).where(N.workspace == workspace, N.kind == kind, N.id == id))
