"""Records and documents as rows; what was given earlier stays, the newest of a requirement counts."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from integrations.store.engine import lock_workspace
from integrations.store.tables import Found, table_of
from schema.evidence import Document, Record
from schema.payloads import plain, value_of
from schema.requirements import EvidenceKind
from schema.tables.evidence import EvidenceRow
from schema.tables.readings import BlankRow, ReadingRow

EVIDENCE = table_of(EvidenceRow)
V = EVIDENCE.c
READINGS = table_of(ReadingRow)
R = READINGS.c
BLANKS = table_of(BlankRow)
B = BLANKS.c

Given: TypeAlias = Record | Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """Names all stored evidence that findings of a product rest on; equal versions mean equal evidence."""

    given: int  # the newest row
    readings: int  # how many
    fetched_at: datetime | None  # the newest of them
    blanks: int  # the newest row


def put(session: Session, workspace: str, *, product: str, item: str, given: Given) -> None:
    """Store what somebody gave for a requirement, which its name says."""
    lock_workspace(session, workspace)  # ids rise in the order of the commits
    kind = EvidenceKind.RECORD if isinstance(given, Record) else EvidenceKind.DOCUMENT
    row = {"workspace": workspace, "product": product, "item": item, "requirement": given.name, "kind": kind}
    session.execute(insert(EVIDENCE).values(**row, body=plain(given), by=given.by, put_at=given.at))


def newest(session: Session, workspace: str, product: str) -> dict[tuple[str, str], Given]:
    """Give the newest that was given for each (item, requirement)."""
    mine = (V.workspace == workspace, V.product == product)
    last = select(func.max(V.id)).where(*mine).group_by(V.item, V.requirement)
    rows = session.execute(select(EVIDENCE).where(V.id.in_(last)))
    return {(row.item, row.requirement): _given(row) for row in rows}


def version(
    session: Session, workspace: str, product: str, *, metrics: Collection[str], since: datetime
) -> Version:
    """Name the evidence of a product: what was given, and what was read of some metrics from a period on."""
    given = select(func.max(V.id)).where(V.workspace == workspace, V.product == product).scalar_subquery()
    named = sorted(metrics)
    blanks = select(func.max(B.id)).where(B.workspace == workspace, B.product == product)
    blanks = blanks.where(B.metric.in_(named), B.period_start >= since)
    mine = (R.workspace == workspace, R.product == product, R.metric.in_(named), R.period_start >= since)
    query = select(given, func.count(), func.max(R.fetched_at), blanks.scalar_subquery()).where(*mine)
    row = session.execute(query).one()
    return Version(given=row[0] or 0, readings=row[1], fetched_at=row[2], blanks=row[3] or 0)


def _given(row: Found) -> Given:
    if row.kind == EvidenceKind.RECORD:
        return value_of(Record, row.body)
    return value_of(Document, row.body)
