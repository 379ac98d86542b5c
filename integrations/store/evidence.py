"""Records and documents as rows; what was given earlier stays, the newest of a requirement counts."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import BindParameter, bindparam, func, insert, select
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

# built once: every decision asks it
OURS: BindParameter[str] = bindparam("ours")
THIS: BindParameter[str] = bindparam("this")
NAMED: BindParameter[str] = bindparam("metrics", expanding=True)
SINCE: BindParameter[datetime] = bindparam("since")
NEWEST_GIVEN = select(func.max(V.id)).where(V.workspace == OURS, V.product == THIS)
NEWEST_BLANK = select(func.max(B.id)).where(
    B.workspace == OURS, B.product == THIS, B.metric.in_(NAMED), B.period_start >= SINCE
)
VERSION = select(
    NEWEST_GIVEN.scalar_subquery(), func.count(), func.max(R.fetched_at), NEWEST_BLANK.scalar_subquery()
).where(R.workspace == OURS, R.product == THIS, R.metric.in_(NAMED), R.period_start >= SINCE)

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
    asked = {"ours": workspace, "this": product, "metrics": sorted(metrics), "since": since}
    row = session.connection().execute(VERSION, asked).one()
    return Version(given=row[0] or 0, readings=row[1], fetched_at=row[2], blanks=row[3] or 0)


def _given(row: Found) -> Given:
    if row.kind == EvidenceKind.RECORD:
        return value_of(Record, row.body)
    return value_of(Document, row.body)
