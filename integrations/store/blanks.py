"""Blanks: what went wrong and when, beside the readings and never in their place."""

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from integrations.store.tables import Found, table_of
from schema.periods import Period
from schema.readings import Blank, BlankReason
from schema.tables.columns import plain
from schema.tables.readings import BlankRow, ReadingRow

BLANKS = table_of(BlankRow)
READINGS = table_of(ReadingRow)
B = BLANKS.c
KEY = (B.workspace, B.product, B.metric, B.period_start, B.period_end)


def add_blanks(session: Session, workspace: str, blanks: Iterable[Blank]) -> int:
    """Store troubles; one that says what its newest said, with no reading in between, adds nothing."""
    added = 0
    for blank in blanks:
        if not _said(session, workspace, blank):
            session.execute(insert(BLANKS).values(_row(workspace, blank)))
            added += 1
    return added


def troubles(
    session: Session, workspace: str, *, product: str, metrics: Collection[str], first: Period, last: Period
) -> tuple[Blank, ...]:
    """Give the newest blank of each metric and period between two periods, both included.

    A blank may be older or younger than a reading of the same period; `fetched_at` tells which.
    """
    newest = (
        select(func.max(B.id))
        .where(B.workspace == workspace, B.product == product, B.metric.in_(sorted(metrics)))
        .where(B.period_start >= first.start, B.period_start <= last.start, B.period_end <= last.end)
        .group_by(*KEY)
    )
    rows = session.execute(select(BLANKS).where(B.id.in_(newest)).order_by(B.metric, B.period_start))
    return tuple(_blank(row) for row in rows)


def _said(session: Session, workspace: str, blank: Blank) -> bool:
    before = session.execute(
        select(BLANKS).where(*_same(B, workspace, blank)).order_by(*KEY, B.id.desc()).limit(1)
    ).first()
    if before is None or _content(_blank(before)) != _content(blank):
        return False
    since = select(READINGS.c.revision).where(*_same(READINGS.c, workspace, blank))
    return session.execute(since.where(READINGS.c.fetched_at > before.fetched_at).limit(1)).first() is None


def _same(columns: Any, workspace: str, blank: Blank) -> tuple[Any, ...]:
    return (
        columns.workspace == workspace,
        columns.product == blank.product,
        columns.metric == blank.metric,
        columns.period_start == blank.period.start,
        columns.period_end == blank.period.end,
    )


def _content(blank: Blank) -> tuple[object, ...]:
    return (blank.reason, plain(blank.detail), plain(blank.source), blank.newest_at)


def _row(workspace: str, blank: Blank) -> dict[str, object]:
    return {
        "workspace": workspace,
        "product": blank.product,
        "metric": blank.metric,
        "period_start": blank.period.start,
        "period_end": blank.period.end,
        "reason": blank.reason,
        "detail": blank.detail,
        "source": blank.source,
        "fetched_at": blank.fetched_at,
        "newest_at": blank.newest_at,
    }


def _blank(row: Found) -> Blank:
    return Blank(
        product=row.product,
        metric=row.metric,
        period=Period(start=row.period_start, end=row.period_end),
        reason=BlankReason(row.reason),
        detail=row.detail,
        source=row.source,
        fetched_at=row.fetched_at,
        newest_at=row.newest_at,
    )
