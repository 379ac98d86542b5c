"""What deliveries told: each figure as the post has it, and as it was corrected last."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, insert, select, update
from sqlalchemy.orm import Session

from integrations.store.deliveries import DELIVERIES, D
from integrations.store.tables import Found, changed, table_of
from schema.corrections import Correction, Told, as_body, from_body
from schema.periods import Period
from schema.tables.deliveries import ToldRow

TOLD = table_of(ToldRow)
T = TOLD.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One figure of one delivery."""

    delivery: str
    posted: Told
    told: Told  # as posted, or as the newest correction has it
    corrections: int


def keep(session: Session, workspace: str, delivery: str, told: Iterable[Told]) -> None:
    """Store what a delivery says, with the transaction that freezes it."""
    rows = [
        {
            "workspace": workspace,
            "delivery_id": delivery,
            "metric": each.metric,
            "posted": as_body(each),
            "told": as_body(each),
            "corrections": 0,
        }
        for each in told
    ]
    if rows:
        session.execute(insert(TOLD), rows)


def of(session: Session, workspace: str, delivery: str) -> tuple[Kept, ...]:
    """List the figures of a delivery."""
    query = select(TOLD).where(T.workspace == workspace, T.delivery_id == delivery).order_by(T.metric)
    return tuple(_kept(row) for row in session.execute(query))


def correct(
    session: Session, workspace: str, delivery: str, correction: Correction, *, times: int, at: datetime
) -> bool:
    """Store a correction; False where somebody else corrected the figure meanwhile.

    times   how often it had been corrected when this correction was made
    """
    named = (T.workspace == workspace, T.delivery_id == delivery, T.metric == correction.metric)
    statement = update(TOLD).where(*named, T.corrections == times)
    return changed(
        session,
        statement.values(told=as_body(correction.new), corrections=times + 1, corrected_at=at),
    )


def corrected(session: Session, workspace: str, *, product: str, period: Period) -> tuple[Kept, ...]:
    """List the corrected figures of a product's deliveries of one period."""
    joined = and_(D.workspace == T.workspace, D.id == T.delivery_id)
    query = select(TOLD).join(DELIVERIES, joined)
    query = query.where(
        D.workspace == workspace, D.product == product, D.period_start == period.start,
        T.corrections > 0,
    )  # fmt: skip
    return tuple(_kept(row) for row in session.execute(query.order_by(T.metric, T.delivery_id)))


def _kept(row: Found) -> Kept:
    return Kept(
        delivery=row.delivery_id,
        posted=from_body(row.posted),
        told=from_body(row.told),
        corrections=row.corrections,
    )
