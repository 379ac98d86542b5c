"""Since when each product asks for what it asks of its evidence."""

from collections.abc import Mapping
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from integrations.store.tables import inserting, table_of
from schema.tables.limits import LimitRow

LIMITS = table_of(LimitRow)
L = LIMITS.c

Place: TypeAlias = tuple[str, str, str]  # product, item, requirement


def stamp(session: Session, workspace: str, asked: Mapping[Place, str], at: datetime) -> None:
    """Note what is asked from now on; what stays the same keeps its time, what was never asked before has none.

    What is not asked any more stays: asked again with another limit, it is a change.
    asked   the digest of each requirement
    """
    known = _known(session, workspace)
    for (product, item, requirement), digest in asked.items():
        before = known.get((product, item, requirement))
        if before == digest:
            continue
        row = {"workspace": workspace, "product": product, "item": item, "requirement": requirement}
        new = {"digest": digest, "since": at if before is not None else None}
        statement = inserting(session, LIMITS).values(row | new)
        keys = [L.workspace, L.product, L.item, L.requirement]
        session.execute(statement.on_conflict_do_update(index_elements=keys, set_=new))


def since(session: Session, workspace: str, product: str) -> dict[tuple[str, str], tuple[str, datetime]]:
    """Give digest and time of what was asked otherwise before, by item and requirement."""
    query = select(LIMITS).where(L.workspace == workspace, L.product == product, L.since.is_not(None))
    return {(row.item, row.requirement): (row.digest, row.since) for row in session.execute(query)}


def _known(session: Session, workspace: str) -> dict[Place, str]:
    rows = session.execute(select(LIMITS).where(L.workspace == workspace))
    return {(row.product, row.item, row.requirement): row.digest for row in rows}
